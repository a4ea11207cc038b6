import { rolesOf, zoneOf } from '../../natives/node.js';
import { partAfter, type Pool, poolKey, type PoolProvider } from './pool.js';

const name = 'zone-role';

/** Nodes of one role in one zone; without zones (kubeadm, k3s) those of one role. A node without either is another's. */
export function zoneRole(): PoolProvider {
  return {
    name,
    poolOf(node) {
      const zone = zoneOf(node);
      const role = rolesOf(node)[0];
      if (zone !== undefined) return inZone(zone, role ?? 'worker');
      return role === undefined ? undefined : anywhere(role);
    },
    describe(key) {
      const role = partAfter('role.', key);
      if (role !== undefined) return anywhere(role);
      const [zone, byRole, ...more] = partAfter('zone.', key)?.split('..') ?? [];
      return zone && byRole && more.length === 0 ? inZone(zone, byRole) : undefined;
    },
  };
}

function inZone(zone: string, role: string): Pool {
  const key = poolKey('zone', zone, '', role);
  const extensions = { provider: name, poolKey: key, zone, role };
  return {
    key,
    name: `${zone} ${role}`,
    description: `Nodes with the role ${role} in zone ${zone}.`,
    zone,
    extensions,
  };
}

function anywhere(role: string): Pool {
  const key = poolKey('role', role);
  const extensions = { provider: name, poolKey: key, role };
  return { key, name: role, description: `Nodes with the role ${role}.`, extensions };
}
