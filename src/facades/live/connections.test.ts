import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Socket } from 'node:net';
import { mock } from 'node:test';
import type { Principal } from '../../access/principal.js';
import { connections, type Connections, type LiveConnection } from './connections.js';

const scope = (key: string) => ({ tenant: undefined, permissions: new Set<string>(), key });
const principal = (name: string, key = 'all'): Principal => ({ name, scope: scope(key) });
const known = new Map<string, Principal>();
let all: Connections;

beforeEach(() => {
  mock.timers.enable();
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

test('who is not known any more, or may do something else now, is revoked within 2 s', () => {
  known.set('b', principal('bob'));
  known.set('c', principal('carol'));
  const [a, b, c] = [connection('a'), connection('b'), connection('c')];
  for (const each of [a, b, c]) all.admit(each.connection);
  known.delete('a');
  known.set('b', principal('bob', 'less'));
  mock.timers.tick(2000);
  expect([a.did, b.did, c.did]).toEqual([['revoked'], ['revoked'], []]);
});

test('who gives no sign of life is cut off, and nobody else', () => {
  const [dead, here] = [connection('a', false), connection('a')];
  all.admit(dead.connection);
  all.admit(here.connection);
  mock.timers.tick(20_000);
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

test('everybody is told when the gateway goes away, and nobody is let in any more', () => {
  const one = connection('a');
  all.admit(one.connection);
  all.stop(2000);
  expect(one.did).toEqual(['went']);
  expect(() => all.admit(connection('a').connection)).toThrow('The gateway goes away');
});
