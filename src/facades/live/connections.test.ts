import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Socket } from 'node:net';
import { mock } from 'node:test';
import type { Principal } from '../../access/principal.js';
import { connections, type Connections, type LiveConnection } from './connections.js';

const principal = (name: string, key = 'all', tenant?: string): Principal => ({
  name,
  scope: { tenant, permissions: new Set<string>(), key },
});
const known = new Map<string, Principal>();
let all: Connections;

beforeEach(() => {
  mock.timers.enable({ apis: ['setInterval'] });
  known.clear();
  known.set('a', principal('alice'));
  all = connections({ connections: 3, connectionsPerPrincipal: 2, unidentified: 2 }, (_socket, token) =>
    known.get(token ?? ''),
  );
});
afterEach(() => {
  all.stop(2000);
  mock.timers.reset();
});

interface Seen {
  readonly connection: LiveConnection;
  readonly did: string[];
}

function connection(token: string, alive = true): Seen {
  const did: string[] = [];
  const socket = { destroy: () => did.push('destroyed') } as unknown as Socket;
  return {
    did,
    connection: {
      socket,
      authorization: token,
      principal: known.get(token),
      beat: () => alive,
      revoked: () => did.push('revoked'),
      goAway: () => did.push('went'),
    },
  };
}

/** Everybody is looked at in turns of the loop. */
const looked = () => new Promise((resolve) => setImmediate(resolve));

test('who is not known any more, or may do something else now, is revoked within 2 s', async () => {
  known.set('b', principal('bob'));
  known.set('c', principal('carol'));
  const [a, b, c] = [connection('a'), connection('b'), connection('c')];
  for (const each of [a, b, c]) all.admit(each.connection);
  known.delete('a');
  known.set('b', principal('bob', 'less'));
  mock.timers.tick(2000);
  await looked();
  expect([a.did, b.did, c.did]).toEqual([['revoked'], ['revoked'], []]);
});

test('who gives no sign of life is cut off, and nobody else', async () => {
  const [dead, here] = [connection('a', false), connection('a')];
  all.admit(dead.connection);
  all.admit(here.connection);
  mock.timers.tick(20_000);
  await looked();
  expect([dead.did, here.did]).toEqual([['destroyed'], []]);
});

test('no more than there may be, in all and of one principal; who leaves makes room', () => {
  known.set('b', principal('bob'));
  const left = ['a', 'a'].map((token) => all.admit(connection(token).connection));
  expect(() => all.admit(connection('a').connection)).toThrow('One principal may have 2 at once');
  all.admit(connection('b').connection);
  expect(() => all.admit(connection('b').connection)).toThrow('serves 3 at once');
  for (const forget of left) forget();
  expect(all.size).toBe(1);
  all.admit(connection('a').connection);
});

test('the principals of a tenant share its part; another tenant and who has none are not touched', () => {
  all.stop(2000);
  const limits = { connections: 9, connectionsPerPrincipal: 3, connectionsPerTenant: 3, unidentified: 2 };
  all = connections(limits, (_socket, token) => known.get(token ?? ''));
  for (const [token, tenant] of [
    ['b1', 'blue'],
    ['b2', 'blue'],
    ['r', 'red'],
  ] as const)
    known.set(token, principal(token, 'all', tenant));
  const [forget] = ['b1', 'b1', 'b2'].map((token) => all.admit(connection(token).connection));
  const fourth = () => all.admit(connection('b2').connection);
  expect(fourth).toThrow('One tenant may have 3 at once (limits.live.connectionsPerTenant)');
  const unknown = connection('x').connection;
  all.admit(unknown);
  Object.assign(unknown, { principal: known.get('b2') });
  expect(() => all.identified(unknown)).toThrow('One tenant may have 3 at once');
  for (const token of ['r', 'a']) all.admit(connection(token).connection);
  forget!();
  expect(fourth).not.toThrow();
  expect(fourth).toThrow('One tenant may have 3 at once');
});

test('strangers take no place of those that are known, and the oldest makes room for others', () => {
  const strangers = ['x', 'y', 'z'].map((token) => connection(token));
  for (const each of strangers) all.admit(each.connection);
  expect(strangers.map(({ did }) => did)).toEqual([['destroyed'], [], []]);
  const [, second, third] = strangers;
  for (const token of ['a', 'a']) all.admit(connection(token).connection);
  Object.assign(second!.connection, { principal: known.get('a') });
  expect(() => all.identified(second!.connection)).toThrow('One principal may have 2 at once');
  Object.assign(third!.connection, { principal: principal('carol') });
  all.identified(third!.connection);
  expect(all.size).toBe(3);
  expect(() => all.admit(connection('a').connection)).toThrow('serves 3 at once');
});

test('a stranger that spoke or left takes no place of strangers any more', () => {
  const [spoke, left, others] = [connection('x'), connection('x'), [connection('x'), connection('x')]];
  all.admit(spoke.connection);
  const forget = all.admit(left.connection);
  Object.assign(spoke.connection, { principal: principal('bob') });
  all.identified(spoke.connection);
  forget();
  for (const each of others) all.admit(each.connection);
  expect([spoke, left, ...others].map(({ did }) => did)).toEqual([[], [], [], []]);
  expect(all.size).toBe(3);
});

test('everybody is told when the gateway goes away, and nobody is let in any more', () => {
  const one = connection('a');
  all.admit(one.connection);
  all.stop(2000);
  expect(one.did).toEqual(['went']);
  expect(() => all.admit(connection('a').connection)).toThrow('The gateway goes away');
});
