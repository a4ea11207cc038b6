import { afterEach, describe, expect, test } from '@jest/globals';
import { Fault } from '#schema/errors.js';
import type { Connection } from '../contract.js';
import { startOCloud, type OCloud, type OCloudOptions } from './o-cloud/start.js';
import type { OCloudFault } from './o-cloud/faults.js';
import { emptyMirror, never, read, reflect, type Mirror } from '../kit/testing/mirror.js';
import { connect } from './testing/test-connection.js';

const all = ['sites', 'models', 'pools', 'equipment', 'clusters'];
let oCloud: OCloud;
let connection: Connection;

async function open(options: OCloudOptions = {}, config: Readonly<Record<string, unknown>> = {}): Promise<void> {
  oCloud = await startOCloud({ heartbeat: 100, ...options });
  connection = await connect({ url: oCloud.url, ...config });
}

/** What a list says now. */
async function truth(): Promise<Mirror['objects']> {
  const reader = await connect({ url: oCloud.url, read: 'poll' });
  const { objects } = await read(reader.list!(never));
  await reader.close();
  return objects;
}

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  const cause: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(cause).toBeInstanceOf(Fault);
  return (cause as Fault).code;
}

const caughtUp = (mirror: Mirror): boolean => mirror.cursor?.['changes'] === String(oCloud.stats().sequence);

afterEach(async () => {
  await connection.close();
  await oCloud.close();
});

describe('a watch', () => {
  test('lists every kind, then tells every change: its reader knows what a list knows', async () => {
    await open();
    const mirror = emptyMirror();
    let ticks = 0;
    const seen = new Map<string, Set<string>>();
    for await (const batch of connection.watch!(never, undefined)) {
      reflect(mirror, batch, seen);
      if (!caughtUp(mirror)) continue;
      if (ticks++ === 5) break;
      oCloud.tick(200);
    }
    expect(mirror.completed).toEqual(all);
    const { objects } = oCloud.stats();
    const listed = Object.values(objects).reduce((sum, count) => sum + count, 0);
    expect(mirror.upserts).toBeGreaterThan(listed + 900);
    expect(mirror.objects).toEqual(await truth());
  });

  test('misses nothing that changes while it lists', async () => {
    await open({ size: 3_000 });
    const mirror = emptyMirror();
    const seen = new Map<string, Set<string>>();
    let batches = 0;
    for await (const batch of connection.watch!(never, undefined)) {
      reflect(mirror, batch, seen);
      if (batches++ < 12) oCloud.tick(100);
      if (caughtUp(mirror)) break;
    }
    expect(mirror.objects).toEqual(await truth());
  });

  test('goes on from a cursor without a list', async () => {
    await open();
    const mirror = await read(connection.watch!(never, undefined), caughtUp);
    oCloud.tick(150);
    const before = oCloud.stats().requests['GET /v1/equipment'];
    await read(connection.watch!(never, mirror.cursor), caughtUp, mirror);
    expect(oCloud.stats().requests['GET /v1/equipment']).toBe(before);
    expect(mirror.completed).toEqual(all);
    expect(mirror.objects).toEqual(await truth());
  });

  test('says what is current when it goes on: not what the list before was refused', async () => {
    await open();
    const { cursor } = await read(connection.watch!(never, undefined), caughtUp);
    const resumed = connection.watch!(never, cursor)[Symbol.asyncIterator]();
    const current = (kinds: readonly string[]) => kinds.map((kind) => ({ type: 'current', kind }));
    expect(await resumed.next()).toEqual({ value: { events: current(all) }, done: false });
    await resumed.return!();
    oCloud.fault({ forbid: 'pools' });
    const partial = await read(connection.watch!(never, undefined), caughtUp);
    oCloud.tick(1);
    const again = connection.watch!(never, partial.cursor)[Symbol.asyncIterator]();
    const readable = all.filter((kind) => kind !== 'pools');
    expect((await again.next()).value).toEqual({ events: current(readable) });
    expect((await again.next()).value.cursor).toEqual({ changes: String(oCloud.stats().sequence), refused: 'pools' });
    await again.return!();
  });

  test('lists again when the O-Cloud no longer knows the cursor', async () => {
    await open({ history: 50 });
    const mirror = await read(connection.watch!(never, undefined), caughtUp);
    oCloud.tick(500);
    await read(connection.watch!(never, mirror.cursor), caughtUp, mirror);
    expect(mirror.completed).toEqual([...all, ...all]);
    expect(mirror.objects).toEqual(await truth());
  });

  test('does not go on in the history of an O-Cloud that started anew', async () => {
    await open();
    const port = Number(new URL(oCloud.url).port);
    oCloud.tick(100);
    const mirror = await read(connection.watch!(never, undefined), caughtUp);
    const versions = [...mirror.objects.values()].map(({ version }) => Number(version));
    await oCloud.close();
    oCloud = await startOCloud({ port });
    oCloud.tick(100);
    await read(connection.watch!(never, mirror.cursor), caughtUp, mirror);
    expect(mirror.completed).toEqual([...all, ...all]);
    expect(mirror.objects).toEqual(await truth());
    const lowest = Math.min(...[...mirror.objects.values()].map(({ version }) => Number(version)));
    expect(connection.newer!(String(lowest), String(Math.max(...versions)))).toBe(true);
  });

  test('ends without a fault when it is told to stop', async () => {
    await open();
    const stop = new AbortController();
    await read(connection.watch!(stop.signal, undefined), (mirror) => {
      if (caughtUp(mirror)) stop.abort();
      return false;
    });
    expect(stop.signal.aborted).toBe(true);
  });

  test('is alive as long as the O-Cloud is, also when nothing changes', async () => {
    await open({ heartbeat: 50 }, { idleTimeout: 300 });
    const mirror = await read(connection.watch!(never, undefined), caughtUp);
    let ticked = false;
    const next = read(connection.watch!(never, mirror.cursor), (known) => ticked && caughtUp(known), mirror);
    await new Promise((resolve) => setTimeout(resolve, 900));
    ticked = true;
    oCloud.tick(1);
    await next;
    expect(mirror.completed).toEqual(all);
  });

  test.each<[OCloudFault, string]>([
    [{ hang: true }, 'BACKEND_TIMEOUT'],
    [{ status: 500 }, 'BACKEND_UNAVAILABLE'],
    [{ garbage: true }, 'BACKEND_UNAVAILABLE'],
  ])('that is under way when %j strikes throws %s and can be taken up again', async (fault, code) => {
    await open({}, { idleTimeout: 1000 });
    const mirror = emptyMirror();
    let changes = 0;
    const strike = (known: Mirror): boolean => {
      if (!caughtUp(known)) return false;
      if (changes++ === 0) oCloud.tick(1);
      else oCloud.fault(fault);
      return false;
    };
    expect(await codeOf(read(connection.watch!(never, undefined), strike, mirror))).toBe(code);
    oCloud.fault();
    oCloud.tick(20);
    await read(connection.watch!(never, mirror.cursor), caughtUp, mirror);
    expect(mirror.completed).toEqual(all);
    expect(mirror.objects).toEqual(await truth());
  });
});

describe('a poll', () => {
  test('lists every kind, each between begin and complete', async () => {
    await open({}, { read: 'poll', pollInterval: 1234 });
    expect([connection.watch, connection.pollInterval]).toEqual([undefined, 1234]);
    const first = await read(connection.list!(never));
    oCloud.tick(300);
    const second = await read(connection.list!(never), () => false, { ...first, completed: [] });
    expect(second.completed).toEqual(all);
    expect(second.objects).toEqual(await truth());
  });

  test('keeps a kind that is refused, and goes on with the others', async () => {
    await open({}, { read: 'poll' });
    oCloud.fault({ forbid: 'clusters' });
    const mirror = await read(connection.list!(never));
    expect(mirror.stale).toEqual(['clusters']);
    expect(mirror.completed).toEqual(['sites', 'models', 'pools', 'equipment']);
  });

  test.each<[OCloudFault, string]>([
    [{ hang: true }, 'BACKEND_TIMEOUT'],
    [{ status: 500 }, 'BACKEND_FAILED'],
    [{ status: 401 }, 'BACKEND_FAILED'],
    [{ garbage: true }, 'BACKEND_FAILED'],
    [{ flap: true }, 'BACKEND_UNAVAILABLE'],
  ])('of an O-Cloud with %j is %s, completes nothing, and works again afterwards', async (fault, code) => {
    await open({}, { read: 'poll', idleTimeout: 300 });
    oCloud.fault(fault);
    const mirror = emptyMirror();
    expect(await codeOf(read(connection.list!(never), () => false, mirror))).toBe(code);
    expect(mirror.completed).toEqual([]);
    oCloud.fault();
    expect((await read(connection.list!(never))).completed).toEqual(all);
  });

  test('of an O-Cloud that is not there is BACKEND_UNAVAILABLE', async () => {
    await open({}, { read: 'poll' });
    await oCloud.close();
    expect(await codeOf(read(connection.list!(never)))).toBe('BACKEND_UNAVAILABLE');
    oCloud = await startOCloud();
  });
});
