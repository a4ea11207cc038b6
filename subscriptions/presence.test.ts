import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Store } from '#platform/store/store.js';
import { presence, type Listening } from './presence.js';

let store: Store;
beforeEach(async () => void (store = await openEmbeddedStore({ memory: true })));
afterEach(() => store.close());

const at = (host: string): Listening => ({ host, port: 8080 });
const called = (holder: string, ...listens: readonly Listening[]) =>
  presence(store, { holder, watches: true, listens: () => listens });

test('each knows where the others listen, until they leave', async () => {
  const [a, b] = [called('a', at('10.0.0.1')), called('b', at('10.0.0.2'), at('fd00::2'))];
  await a.tick();
  await b.tick();
  await a.tick();
  expect([a.listeners(), b.listeners()]).toEqual([[at('10.0.0.2'), at('fd00::2')], [at('10.0.0.1')]]);
  await b.leave();
  await a.tick();
  expect(a.listeners()).toEqual([]);
});

test('one of a former release says nothing of where it listens', async () => {
  await store.put('gateway', 'old', { watches: true }, 0);
  const a = called('a', at('10.0.0.1'));
  await a.tick();
  expect(a.listeners()).toEqual([]);
});
