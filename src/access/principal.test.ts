import { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { tokenHash } from '../platform/secrets.js';
import { loadRoles } from './policy.js';
import { scopeOf, tokenPrincipals } from './principal.js';

const permissions = new Set([
  'resourcePools:read',
  'resourcePools:create',
  'deploymentManagers:read',
  'deploymentManagers:credentials',
]);
const roles = loadRoles(permissions, { auditor: ['resourcePools:read'], everything: ['*'] });
const hash = (token: string) => tokenHash(token).toString('hex');
const identify = tokenPrincipals(
  [
    { name: 'smo', sha256: hash('smo-token'), roles: ['reader'] },
    { name: 'tenant', sha256: hash('tenant-token'), roles: ['operator', 'auditor'], tenant: 'tenant-a' },
    { name: 'stranger', sha256: hash('stranger-token'), roles: ['no-such-role'] },
  ],
  roles,
);
const socket = new Socket();

describe('a bearer token', () => {
  test('names its principal, tenant and permissions', () => {
    expect(identify(socket, 'Bearer smo-token')).toMatchObject({ name: 'smo', scope: { tenant: undefined } });
    const tenant = identify(socket, 'Bearer tenant-token')!;
    expect(tenant.scope.tenant).toBe('tenant-a');
    expect([...tenant.scope.permissions].sort()).toEqual([
      'deploymentManagers:read',
      'resourcePools:create',
      'resourcePools:read',
    ]);
    expect(identify(socket, 'Bearer tenant-token')).toBe(tenant);
  });

  test.each([
    ['another token', 'smo-token!'],
    ['the hash itself', hash('smo-token')],
    ['nothing', ''],
    ['a prefix', 'smo-toke'],
  ])('is not %s', (_what, token) => {
    expect(identify(socket, `Bearer ${token}`)).toBeUndefined();
  });

  test('is looked at anew on a connection that has sent another one', () => {
    const same = new Socket();
    expect(identify(same, 'Bearer smo-token')!.name).toBe('smo');
    expect(identify(same, 'Bearer tenant-token')!.name).toBe('tenant');
    for (const wrong of ['Bearer smo-tokem', 'Bearer tenant-tokens', 'Bearer smo-token!', ''])
      expect(identify(same, wrong)).toBeUndefined();
    expect(identify(same, 'Bearer tenant-token')!.name).toBe('tenant');
  });

  test('is unknown once it has expired, on a connection that has used it too', () => {
    const token = { name: 'guest', sha256: hash('guest-token'), roles: ['reader'] };
    const at = (expires: Date) => tokenPrincipals([{ ...token, expires: expires.toISOString() }], roles);
    expect(at(new Date(Date.now() - 1))(socket, 'Bearer guest-token')).toBeUndefined();
    const ending = new Date(Date.now() + 300);
    const soon = at(ending);
    expect(soon(socket, 'Bearer guest-token')!.name).toBe('guest');
    while (Date.now() < ending.getTime());
    expect(soon(socket, 'Bearer guest-token')).toBeUndefined();
  });

  test('is needed unless anonymous callers are let in', () => {
    expect(identify(socket, undefined)).toBeUndefined();
    const anonymous = { name: 'anonymous', scope: scopeOf(undefined, permissions) };
    expect(tokenPrincipals([], roles, anonymous)(socket, undefined)).toBe(anonymous);
    expect(tokenPrincipals([], roles, anonymous)(socket, 'Bearer wrong')).toBeUndefined();
  });
});

describe('roles', () => {
  test('that nobody knows permit nothing', () => {
    expect(identify(socket, 'Bearer stranger-token')!.scope.permissions.size).toBe(0);
  });

  test('of readers do not reach credentials', () => {
    expect(roles.get('reader')!.has('deploymentManagers:credentials')).toBe(false);
    expect(roles.get('operator')!.has('deploymentManagers:credentials')).toBe(false);
    expect(roles.get('deployer')!.has('deploymentManagers:credentials')).toBe(true);
    expect(roles.get('everything')).toEqual(permissions);
  });

  test('naming unknown permissions are refused', () => {
    expect(() => loadRoles(permissions, { odd: ['resourcePools:paint'] })).toThrow(/resourcePools:paint/);
  });

  test('make scopes with keys of their own', () => {
    const keys = [
      scopeOf(undefined, permissions),
      scopeOf('*', permissions),
      scopeOf('a', permissions),
      scopeOf('a', new Set()),
    ].map((scope) => scope.key);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
