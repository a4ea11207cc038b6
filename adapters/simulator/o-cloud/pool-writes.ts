import { NewPool, PoolPatch, read, Resize } from './bodies.js';
import { placeOf } from './genesis.js';
import { mergeAttributes } from './merge.js';
import { install, nextId } from './placement.js';
import { conflict, found, referred, wrong } from './refusal.js';
import type { Change, Estate } from './estate.js';

export function createPool(estate: Estate, body: unknown): Change[] {
  const { name, summary = '', site, place, attributes = {}, owner = null } = read(NewPool, body);
  assertFree(estate, name, owner);
  const [first] = estate.all('sites');
  const at = site === undefined ? first! : referred(estate.get('sites', site), 'site', site);
  const where = { site: at.id, tier: at.tier, place: place ?? placeOf(at) };
  return [
    estate.put('pools', { id: nextId(estate, 'pool'), name, summary, purpose: 'general', owner, attributes, ...where }),
  ];
}

export function patchPool(estate: Estate, id: string, body: unknown): Change[] {
  const pool = found(estate.get('pools', id), 'pool', id);
  const { site, place, attributes, ...patch } = read(PoolPatch, body);
  if (site !== undefined && site !== pool.site)
    throw wrong(`Pool '${id}' stands in '${pool.site}'; a pool does not move.`);
  if (patch.name !== undefined && patch.name !== pool.name) assertFree(estate, patch.name, pool.owner);
  const where = place === undefined ? pool.place : (place ?? placeOf(estate.get('sites', pool.site)!));
  return [
    estate.put('pools', { ...pool, ...patch, place: where, attributes: mergeAttributes(pool.attributes, attributes) }),
  ];
}

/** Buys servers for a pool, or gives back the newest ones. */
export function resizePool(estate: Estate, seed: number, id: string, body: unknown): Change[] {
  const pool = found(estate.get('pools', id), 'pool', id);
  const { count } = read(Resize, body);
  const members = [...estate.members(id)];
  const changes: Change[] = members.slice(count).map((member) => estate.drop('equipment', member));
  for (let size = members.length; size < count; size++) changes.push(install(estate, seed, pool));
  return changes;
}

/** A pool goes with its clusters, and only when it is empty. */
export function deletePool(estate: Estate, id: string): Change[] {
  found(estate.get('pools', id), 'pool', id);
  const { size } = estate.members(id);
  if (size > 0) throw conflict(`Pool '${id}' still holds ${size} piece${size === 1 ? '' : 's'} of equipment.`);
  const clusters = [...estate.all('clusters')].filter((cluster) => cluster.pool === id);
  return [...clusters.map((cluster) => estate.drop('clusters', cluster.id)), estate.drop('pools', id)];
}

/** Names are one owner's affair: a refusal must not tell of another's pools. */
function assertFree(estate: Estate, name: string, owner: string | null): void {
  for (const pool of estate.all('pools')) {
    if (pool.name === name && pool.owner === owner) throw conflict(`There is a pool named '${name}' already.`);
  }
}
