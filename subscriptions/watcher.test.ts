import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Connection, NativeBatch } from '#adapters/contract.js';
import { manualClock, type ManualClock } from '#platform/testing/manual-clock.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import { parsed } from '#platform/store/parsed.js';
import type { Store } from '#platform/store/store.js';
import { origin } from '#schema/position.js';
import { coverage, type Coverage } from './coverage.js';
import { feed } from './feed.js';
import { box, boxes, labels, list, project, settle, stream } from './testing/boxes.js';
import { watch, type Watcher } from './watcher.js';

let store: Store;
let clock: ManualClock;
let account: Coverage;
let watcher: Watcher | undefined;
let logged: string[];
let failures: number;

beforeEach(async () => {
  store = await openEmbeddedStore({ memory: true });
  clock = manualClock(1_000_000);
  account = coverage();
  account.expect('east', ['ResourceType', 'ResourcePool'], new Set());
  logged = [];
  failures = 0;
});
afterEach(async () => {
  await watcher?.stop();
  await store.close();
});

function start(connection: Partial<Connection>): Watcher {
  const flaky: Store = {
    ...store,
    append: (append) => ((failures -= 1) >= 0 ? Promise.reject(new Error('The disk is full.')) : store.append(append)),
  };
  const log = (_level: string, message: string, fields?: object) => logged.push(`${message} ${JSON.stringify(fields)}`);
  const around = { store: flaky, feed: feed(flaky, () => clock.now()), coverage: account, clock, log };
  const whole = { project, ports: {}, close: () => Promise.resolve(), ...connection };
  watcher = watch(
    {
      source: { instance: 'east', projection: 'p' },
      connection: whole,
      oCloudId: '5b1f6f8c-6c3e-4d0c-9a51-3f3b8a1f0e11',
    },
    around,
  );
  return watcher;
}

/** Descriptions of what is stored, by name. */
async function stored(): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {};
  for await (const chunk of store.objectsOf('east'))
    for (const { value } of chunk.map(parsed)) all[value['name'] as string] = value['description'];
  return all;
}

const entries = async () => {
  const read = await store.read(origin, 10_000);
  return read.outcome === 'read' ? read.changes.map(({ change, object }) => `${change} ${object}`) : [read.outcome];
};

describe('a watch', () => {
  test('begins with a full list, goes on from its cursor after a fault and backs off', async () => {
    const { round, say, cursors } = stream();
    start({ watch: round });
    await say({ events: [...list('box', [box('a', '1')]), ...labels], cursor: { at: '1' } });
    expect(await stored()).toEqual({ a: '1', p: '1 L' });
    expect(account.gaps('ResourcePool')).toEqual([]);
    await say(new Error('The line was cut.'));
    expect(account.gaps('ResourcePool')).toMatchObject([{ reason: 'The line was cut.', fresh: 1_000_000 }]);
    expect(logged).toHaveLength(1);
    await clock.advance(800);
    expect(cursors).toEqual([undefined, { at: '1' }]);
    await say({ events: [] });
    expect(account.gaps('ResourcePool')).toEqual([]);
  });

  test('that cannot be written reads everything anew: what was made is not taken for written', async () => {
    const { round, say, cursors } = stream();
    start({ watch: round });
    await say({ events: [...list('box', [box('a', '1')]), ...labels], cursor: { at: '1' } });
    failures = 1;
    await say({ events: [box('a', '2')], cursor: { at: '2' } });
    expect(await stored()).toMatchObject({ a: '1' });
    await clock.advance(800);
    expect(cursors).toEqual([undefined, undefined]);
    await say({ events: [...list('box', [box('a', '2')]), ...labels] });
    expect(await stored()).toEqual({ a: '2', p: '2 L' });
  });

  test('that can never be written is tried again after pauses only', async () => {
    const { round, say, cursors } = stream();
    start({ watch: round });
    failures = Infinity;
    const all = { events: [...list('box', [box('a', '1')]), ...labels] };
    await say(...Array.from({ length: 20 }, () => all));
    expect(cursors).toHaveLength(1);
    await clock.advance(800);
    await settle();
    // Pauses are drawn: a second one may be over, too. Without any, all twenty would have been told.
    expect(cursors.length).toBeGreaterThan(1);
    expect(cursors.length).toBeLessThan(8);
  });

  test('whose list misses too much is listed again after half a minute, and not called away', async () => {
    const { round, say, cursors } = stream();
    start({ watch: round });
    await say({ events: [...list('box', boxes(50)), ...labels], cursor: { at: '1' } });
    await say({ events: list('box', boxes(10)), cursor: { at: '2' } });
    expect(Object.keys(await stored())).toHaveLength(51);
    expect(account.gaps('ResourceType')[0]?.reason).toMatch(/^40 objects vanished at once/);
    await clock.advance(30_500);
    await settle();
    expect(cursors).toEqual([undefined, undefined]);
    await say({ events: [...list('box', boxes(10)), ...labels] });
    expect(Object.keys(await stored())).toHaveLength(11);
    expect(account.gaps('ResourceType')).toEqual([]);
    expect(logged).toEqual([]);
  });

  test('is begun anew when the log has lost what was written', async () => {
    const { round, say, cursors } = stream();
    const { readAgain } = start({ watch: round });
    await say({ events: [...list('box', [box('a', '1')]), ...labels], cursor: { at: '1' } });
    for await (const chunk of store.objectsOf('east')) {
      const lost = chunk.map(({ object, id, tenant, instance }) => ({
        object,
        id,
        tenant,
        instance,
        change: 'deleted' as const,
        baseline: false,
        marks: [],
      }));
      await store.append({ entries: lost });
    }
    readAgain();
    await say({ events: [...list('box', [box('a', '1')]), ...labels] });
    expect(cursors).toEqual([undefined, undefined]);
    expect(await stored()).toEqual({ a: '1', p: '1 L' });
  });

  test('says nothing more once its round has ended', async () => {
    const { round, say } = stream();
    const { readAgain } = start({ watch: round });
    await say({ events: [...list('box', [box('a', '1')]), ...labels] });
    readAgain();
    await say(
      { events: [{ type: 'begin', kind: 'box' }] },
      { events: [box('a', '1'), { type: 'complete', kind: 'box' }, ...labels] },
    );
    expect(await stored()).toEqual({ a: '1', p: '1 L' });
  });

  test('ends in time what lingers when nothing is left of it', async () => {
    const { round, say } = stream();
    const lingering = { ...(project.ResourcePool as object), lingers: 60_000 } as typeof project.ResourcePool;
    start({ watch: round, project: { ...project, ResourcePool: lingering } });
    await say({ events: [...list('box', [box('a', '1')]), ...labels] });
    const gone = { type: 'delete', kind: 'box', identity: 'a' } as const;
    await say({ events: [gone, { ...gone, kind: 'label', identity: 'l' }] });
    await clock.advance(59_000);
    expect(await stored()).toEqual({ p: '1 L' });
    await clock.advance(1000);
    await settle();
    expect(await stored()).toEqual({});
    expect((await entries()).filter((entry) => entry.startsWith('deleted'))).toEqual([
      'deleted ResourceType',
      'deleted ResourcePool',
    ]);
  });

  test('leaves out what does not fit the model and says so once', async () => {
    const { round, say } = stream();
    start({ watch: round });
    await say({ events: [...list('box', [box('a', 7 as never), box('b', '1')]), ...labels] });
    expect(await stored()).toMatchObject({ b: '1' });
    expect(logged).toEqual([expect.stringMatching(/cannot be shown.*"object":"ResourceType","identity":"a"/)]);
  });
});

describe('a poll', () => {
  test('is repeated, and sooner when its list misses too much', async () => {
    let names = 50;
    let polls = 0;
    async function* poll(): AsyncGenerator<NativeBatch> {
      polls += 1;
      yield { events: [...list('box', boxes(names)), ...labels] };
    }
    start({ list: poll, pollInterval: 600_000 });
    await settle();
    names = 10;
    await clock.advance(600_000);
    await settle();
    expect([polls, Object.keys(await stored()).length]).toEqual([2, 51]);
    await clock.advance(30_500);
    await settle();
    expect([polls, Object.keys(await stored()).length]).toEqual([3, 11]);
  });

  test('under way when a write lands does not undo it', async () => {
    let held: (() => void) | undefined;
    async function* poll(): AsyncGenerator<NativeBatch> {
      const seen = [...list('box', [box('a', '1')]), ...labels];
      await new Promise<void>((resolve) => (held = resolve));
      yield { events: seen };
    }
    const { observe } = start({ list: poll, pollInterval: 1000 });
    await settle();
    const write = observe([box('a', '2'), box('b', '1')], AbortSignal.timeout(10_000));
    await settle();
    held!();
    await write;
    expect(await stored()).toEqual({ a: '2', b: '1', p: '2 1 L' });
  });
});

describe('what a backend answers to a write', () => {
  test('can be read when that resolves, also what is made of natives that are not read yet', async () => {
    const { round, say } = stream();
    const { observe } = start({ watch: round });
    await settle();
    let done = false;
    const write = observe([box('b', '9')], AbortSignal.timeout(10_000)).finally(() => (done = true));
    await settle();
    expect(await stored()).toEqual({ b: '9' });
    await say({ events: list('box', [box('a', '1'), box('b', '9')]) });
    expect(done).toBe(false);
    await say({ events: labels });
    await write;
    expect(await stored()).toEqual({ a: '1', b: '9', p: '1 9 L' });
  });

  test('is given up when its time is over, with the object written all the same', async () => {
    const { round } = stream();
    const { observe } = start({ watch: round });
    await settle();
    const late = new AbortController();
    const write = observe([box('b', '9')], late.signal);
    await settle();
    late.abort();
    await expect(write).rejects.toMatchObject({ code: 'BACKEND_TIMEOUT' });
    expect(await stored()).toEqual({ b: '9' });
  });

  test('that cannot be stored is a fault, and read again', async () => {
    const { round, say, cursors } = stream();
    const { observe } = start({ watch: round });
    await say({ events: [...list('box'), ...labels], cursor: { at: '1' } });
    failures = 1;
    await expect(observe([box('a', '1')])).rejects.toThrow('The disk is full.');
    await settle();
    expect(cursors).toEqual([undefined, undefined]);
    await say({ events: [...list('box'), ...labels] });
    expect(await stored()).toEqual({ a: '1', p: '1 L' });
  });

  test('and is not told within a minute is looked for in a full list', async () => {
    const { round, say, cursors } = stream();
    const { observe } = start({ watch: round });
    await say({ events: [...list('box'), ...labels], cursor: { at: '1' } });
    await observe([box('a', '1')]);
    await clock.advance(60_001);
    await settle();
    expect(cursors).toEqual([undefined, undefined]);
    await say({ events: [...list('box'), ...labels] });
    expect(await stored()).toEqual({ p: 'L' });
  });

  test('and has been told already waits until that is stored', async () => {
    const { round, say } = stream();
    const { observe } = start({ watch: round });
    await say({ events: [...list('box'), ...labels] });
    const told = say({ events: [box('a', '1', '5')] });
    const { position } = await observe([box('a', '1', '5')]);
    await told;
    expect(await stored()).toMatchObject({ a: '1' });
    expect(position!.seq).toBeGreaterThan(0);
  });
});

test('a start on what a former run stored writes nothing', async () => {
  const first = stream();
  start({ watch: first.round });
  const all = { events: [...list('box', [box('b', '2'), box('a', '1')]), ...labels] };
  await first.say(all, { events: [box('c', '3')] });
  await watcher!.stop();
  const before = await entries();
  const second = stream();
  start({ watch: second.round });
  await second.say({ events: list('box', [box('a', '1')].concat(box('c', '3'), box('b', '2'))) }, { events: labels });
  expect(await entries()).toEqual(before);
});
