import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { origin } from '#schema/position.js';
import type { StoredObject } from '#schema/change.js';
import { remember } from '../gateway/remembered.js';
import { openEmbeddedStore } from '../platform/store/embedded/embedded-store.js';
import type { Store } from '../platform/store/store.js';
import { run } from './run.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'netweave-instance-'));
  file = join(folder, 'store.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

async function command(line: string, yaml = '') {
  let out = '';
  let error = '';
  const config = join(folder, 'gateway.yaml');
  writeFileSync(config, `store: { file: ${JSON.stringify(file)} }\n${yaml}`);
  const terminal = { out: (text: string) => void (out += text), error: (text: string) => void (error += text) };
  const code = await run([...line.split(' '), '--config', config], {}, terminal);
  return { code, out, error };
}

const backend = (key: string, enabled = true) =>
  `backends: [{ key: ${key}, type: simulator, enabled: ${enabled}, options: { embedded: {} } }]\n`;

/** A store with objects of two backends, `lab` and `old`. */
async function fill(work: (store: Store) => Promise<void> = async () => undefined): Promise<void> {
  const store = await openEmbeddedStore({ file });
  for (const [instance, size] of [
    ['lab', 2],
    ['old', 1200],
  ] as const) {
    await remember(store, instance, {
      objects: ['Location'],
      fresh: { Location: Date.UTC(2026, 0, size === 2 ? 1 : 2) },
    });
    await store.put('instance', instance, { synced: ['Location'] }, 0);
    const entries = Array.from({ length: size }, (_, at) => {
      const id = `${instance}-${at}`;
      const object = { object: 'Location', id, tenant: null, instance };
      const value = { globalLocationId: id, name: id, description: '', oCloudSiteIds: [] };
      const after: Omit<StoredObject, 'position'> = { ...object, identity: id, value, projection: 'p' };
      return { ...object, change: 'created' as const, baseline: true, after, marks: ['Location'] };
    });
    await store.append({ entries });
  }
  await work(store);
  await store.close();
}

describe('netweave instance list', () => {
  test('shows what the store knows and what the configuration names', async () => {
    await fill();
    const { code, out } = await command('instance list', backend('lab', false));
    expect(code).toBe(0);
    expect(out).toBe(
      [
        'KEY  STATE                     OBJECTS  LAST CURRENT',
        'lab  disabled                  2        2026-01-01T00:00:00.000Z',
        'old  not in the configuration  1200     2026-01-02T00:00:00.000Z',
        '',
      ].join('\n'),
    );
  });

  test('names the store that is not there, and makes none', async () => {
    const { code, error } = await command('instance list');
    expect([code, error]).toEqual([4, expect.stringContaining(`There is no store at ${file}.`)]);
    expect((await command('instance list')).code).toBe(4);
  });
});

describe('netweave instance remove', () => {
  test('deletes every object with a change in the log, and forgets the backend', async () => {
    await fill();
    expect(await command('instance remove old', backend('lab'))).toMatchObject({
      code: 0,
      out: "Removed 1200 objects of 'old'. Subscribers are told by the gateways that run, or by the next one.\n",
    });
    const store = await openEmbeddedStore({ file });
    const read = await store.read(origin, 10_000);
    const changes = read.outcome === 'read' ? read.changes : [];
    const deleted = changes.filter(({ change }) => change === 'deleted');
    expect(new Set(deleted.map(({ instance }) => instance))).toEqual(new Set(['old']));
    expect(deleted).toHaveLength(1200);
    expect(deleted[0]).toMatchObject({ object: 'Location', reversePatch: { name: 'old-0' }, baseline: false });
    expect([await store.get('instance', 'old'), await store.get('backend', 'old')]).toEqual([undefined, undefined]);
    expect(await store.get('backend', 'lab')).toBeDefined();
    await store.close();
    expect((await command('instance list')).out).not.toContain('old');
  });

  test('refuses one that is still configured, enabled or not', async () => {
    await fill();
    const { code, error } = await command('instance remove old', backend('old', false));
    expect([code, error]).toEqual([2, expect.stringContaining("'old' is still in the configuration")]);
    expect((await command('instance list', backend('old'))).out).toContain('1200');
  });

  test('refuses one that nobody knows, and says who is known', async () => {
    await fill();
    const { code, error } = await command('instance remove odl');
    expect(code).toBe(2);
    expect(error).toContain("The store knows no backend 'odl'. Did you mean 'old'? Known: lab, old.");
  });

  test('says what to do while a gateway has the store', async () => {
    await fill(async () => {
      const { code, error } = await command('instance remove old');
      expect(code).toBe(4);
      expect(error).toContain(`The store ${file} is in use by a running gateway: stop it`);
    });
  });

  test('has nothing to do where nothing is kept', async () => {
    const { code, error } = await command('instance remove old --memory');
    expect([code, error]).toEqual([4, expect.stringContaining('store.memory')]);
  });
});
