import { appendFileSync, existsSync, readFileSync, writeSync } from 'node:fs';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Store } from '#platform/store/store.js';
import { FakeBackend, idOf, type NativeKind } from './fake-backend.js';
import { everything } from './rows.js';
import { openHouse } from './house.js';

/** What the backend of the kill test has done, a line each: it outlives the gateway. */
export interface BackendLine {
  readonly kind: NativeKind;
  readonly identity: string;
  /** Undefined when it was deleted. */
  readonly pool?: string;
}

/** The backend as its lines leave it. */
export function backendOf(lines: string): FakeBackend {
  const backend = new FakeBackend('ordered');
  const text = existsSync(lines) ? readFileSync(lines, 'utf8') : '';
  for (const line of text.split('\n').filter((each) => each !== '')) change(backend, JSON.parse(line) as BackendLine);
  backend.pass(1e9);
  return backend;
}

function change(backend: FakeBackend, { kind, identity, pool }: BackendLine) {
  return pool === undefined ? backend.delete(kind, identity) : backend.put(kind, identity, pool);
}

/** Kills this process when `point` has been passed `count` times. */
function killer(point: string, count: number): (here: string) => void {
  let passed = 0;
  return (here) => {
    if (here === point) passed += 1;
    if (passed === count) process.kill(process.pid, 'SIGKILL');
  };
}

function deadly(store: Store, at: (point: string) => void): Store {
  return {
    ...store,
    async append(append) {
      at('before an append');
      const appended = await store.append(append);
      at('after an append');
      return appended;
    },
    async put(...given) {
      at('before a note of what is complete');
      const revision = await store.put(...given);
      at('after a note of what is complete');
      return revision;
    },
    async snapshot() {
      const snapshot = await store.snapshot();
      at('at a snapshot');
      return snapshot;
    },
  };
}

/** A gateway that writes until it is killed: `node killed.js <store> <lines> <point> <count>`. Prints what is acknowledged. */
async function run(file: string, lines: string, point: string, count: number): Promise<void> {
  const at = killer(point, count);
  const backend = backendOf(lines);
  const store = deadly(await openEmbeddedStore({ file }), at);
  const house = await openHouse(store, backend, { reading: 'watch' });
  for (let number = 0; number < 60; number += 1) {
    const identity = `${number % 7}`;
    const kind = number % 3 === 0 ? 'rack' : 'server';
    const line: BackendLine = { kind, identity, ...(number % 10 === 9 ? {} : { pool: `pool-${number % 2}` }) };
    appendFileSync(lines, `${JSON.stringify(line)}\n`);
    const event = change(backend, line);
    at('after the backend has written');
    if (!event || number % 4 === 0) continue;
    const { position } = await house.watcher.observe([event]);
    at('after a write is stored');
    await house.view.reached(position!);
    const id = idOf('Resource', identity);
    const shown = house.view.get(everything, 'Resource', id)?.value['description'];
    if (kind === 'server')
      writeSync(1, `${id} ${String(shown ?? 'gone')} ${event.type === 'upsert' ? event.version! : 'gone'}\n`);
    at('after a write is acknowledged');
  }
}

if (process.argv[1] === import.meta.filename) {
  const [file, lines, point, count] = process.argv.slice(2) as [string, string, string, string];
  await run(file, lines, point, Number(count));
  process.exit(0);
}
