import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { Fault } from '#schema/errors.js';
import type { Connection, ConnectContext } from './contract.js';
import { defineAdapter } from './define.js';
import { NothingSent } from './kit/guard.js';
import { connectBackends, type Registry, type RegistryEvents } from './registry.js';

const never = new AbortController().signal;

/** What the backends of a test do when they are connected, by key; each attempt takes the next, the last one stays. */
type Plan = Readonly<Record<string, readonly ('ok' | 'throws' | 'hangs' | 'invalid')[]>>;

function world(plan: Plan) {
  const closed: string[] = [];
  const attempts: Record<string, number> = {};
  const connected: string[] = [];
  const away: string[] = [];
  const called: string[] = [];
  const connection = (key: string): Connection => ({
    async *list() {},
    project: {},
    ports: { ResourcePool: { create: async () => ({ events: [], identity: 'x' }) } },
    close: async () => void closed.push(key),
  });
  const adapter = defineAdapter({
    type: 'planned',
    title: 'Planned',
    config: z.strictObject({ size: z.int().default(1) }),
    mapping: 1,
    async connect(_config, { key }) {
      const at = attempts[key] ?? 0;
      attempts[key] = at + 1;
      const step = plan[key]!.at(Math.min(at, plan[key]!.length - 1));
      if (step === 'throws') throw new Fault('BACKEND_UNAVAILABLE', 'Not today.');
      if (step === 'invalid') throw new Fault('INVALID', 'No such context.');
      if (step === 'hangs') await new Promise(() => undefined);
      return connection(key);
    },
  });
  const events: RegistryEvents = {
    connected: ({ key }) => connected.push(key),
    away: (key, reason) => away.push(`${key}: ${reason}`),
    called: (key, code) => called.push(`${key} ${code}`),
  };
  const open = (disabled: readonly string[] = [], options: unknown = {}): Promise<Registry> =>
    connectBackends(
      Object.keys(plan).map((key) => ({
        key,
        type: 'planned',
        enabled: !disabled.includes(key),
        options,
        deadline: 1000,
        concurrency: 1,
      })),
      [adapter],
      ({ key }) => ({ key }) as ConnectContext,
      events,
      100,
    );
  return { open, attempts, connected, away, called, closed };
}

const create = (registry: Registry, key: string) =>
  registry.guard(key, never, (signal) =>
    registry.port(key, 'ResourcePool')!.create!({ signal, scope: undefined as never }, {}, null),
  );

describe('connecting', () => {
  test('one that is away keeps neither the others nor the start, and is tried until it is there', async () => {
    const { open, away, connected, attempts } = world({ a: ['throws', 'throws', 'ok'], b: ['ok'], c: ['hangs'] });
    const registry = await open();
    expect(registry.instances.map(({ key }) => key)).toEqual(['b']);
    // It may have been tried a second time already.
    expect([new Set(away), registry.absent()]).toEqual([new Set(['a: Not today.']), ['a', 'c']]);
    expect(() => registry.port('a', 'ResourcePool')).toThrow(
      expect.objectContaining({ code: 'BACKEND_UNAVAILABLE', detail: { retryAfter: 5 } }),
    );
    while (!connected.includes('a')) await new Promise((resolve) => setTimeout(resolve, 20));
    expect([attempts['a'], registry.instances.map(({ key }) => key)]).toEqual([3, ['a', 'b']]);
    await registry.close();
  });

  test('a fault of the configuration ends the start, and closes what was connected', async () => {
    const { open, closed } = world({ a: ['ok'], b: ['invalid'] });
    await expect(open()).rejects.toMatchObject({
      code: 'INVALID',
      message: expect.stringMatching(/^The backend 'b' cannot be connected: No such context\. Correct the options/),
    });
    expect(closed).toEqual(['a']);
  });

  test('options that do not fit the model are such a fault', async () => {
    await expect(world({ a: ['ok'] }).open([], { sise: 2 })).rejects.toMatchObject({ code: 'INVALID' });
  });

  test('ends with the registry, whatever the attempts are at', async () => {
    const { open, attempts, closed } = world({ a: ['throws'], b: ['ok'] });
    const registry = await open();
    await registry.close();
    const before = attempts['a'];
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect([attempts['a'], closed]).toEqual([before, ['b']]);
  });
});

describe('a disabled instance', () => {
  test('is not connected, and writes to it are answered as to one that is away', async () => {
    const { open, attempts } = world({ a: ['ok'], b: ['ok'] });
    const registry = await open(['a']);
    expect([attempts['a'], registry.able('ResourcePool', 'create'), registry.absent()]).toEqual([
      undefined,
      ['b'],
      ['a'],
    ]);
    await expect(create(registry, 'a')).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: "The backend 'a' is disabled.",
      detail: { retryAfter: 60 },
    });
    await registry.close();
  });
});

describe('calls', () => {
  test('are counted with their outcome; what is not in the configuration is away', async () => {
    const { open, called } = world({ a: ['ok'] });
    const registry = await open();
    await create(registry, 'a');
    const refuse = () => Promise.reject(new Fault('CONFLICT', 'Taken.'));
    await expect(registry.guard('a', never, refuse)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(called).toEqual(['a OK', 'a CONFLICT']);
    await expect(create(registry, 'gone')).rejects.toBeInstanceOf(NothingSent);
    expect(registry.able('ResourcePool', 'delete')).toEqual([]);
    expect(registry.breaker('a')).toBe('closed');
    await registry.close();
  });
});
