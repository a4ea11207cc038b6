import { Socket } from 'node:net';
import { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openWorld, type World } from '#test/facades/world.js';
import { scopeOf } from '../../access/principal.js';
import { allPermissions } from '../../operations/operations.js';
import { Turns } from '../../platform/turns.js';
import { StreamConnection } from './stream-connection.js';
import { watching } from './watch.js';

let world: World;
beforeAll(async () => {
  world = await openWorld(() => ({}));
});
afterAll(() => world.close());

const principal = { name: 'admin', scope: scopeOf(undefined, allPermissions) };

function watch(signal: AbortSignal) {
  const { gate, view, live } = world.parts;
  const request = new IncomingMessage(new Socket());
  const connection = new StreamConnection(request, new ServerResponse(request), principal);
  const turns = new Turns();
  return watching(
    { gate, view, turns, ...live },
    { caller: { principal, requestId: 'r', signal }, connection },
    {},
    signal,
  );
}

test('who left before the stream began takes no place, and is waited for by nobody', async () => {
  const { connections } = world.parts.live;
  expect(await watch(AbortSignal.abort()).next()).toEqual({ done: true, value: undefined });
  expect(connections.size).toBe(0);
  const leaves = new AbortController();
  const first = watch(leaves.signal).next();
  expect(connections.size).toBe(1);
  leaves.abort();
  expect(await first).toEqual({ done: true, value: undefined });
  expect(connections.size).toBe(0);
});
