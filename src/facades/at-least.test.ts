import { expect, test } from '@jest/globals';
import { Fault } from '#schema/errors.js';
import type { View } from '../inventory/view.js';
import type { Caller } from '../operations/caller.js';
import { atLeast } from './at-least.js';

/** A view that comes no further. */
const standing = {
  has: () => false,
  reached: (_position, signal) =>
    new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason as Error))),
} as Partial<View> as View;

function callerOf(name: string, tenant?: string): Caller {
  const scope = { tenant, permissions: new Set<string>(), key: name };
  return { principal: { name, scope }, requestId: name, signal: new AbortController().signal };
}

test('a principal, all of a tenant and all together have bounds of their own in what waits, and room again when that has ended', async () => {
  const leaving = new AbortController();
  const { reached } = atLeast({ view: standing, deadline: 60_000, leaving: leaving.signal });
  const asked = { position: { seq: 9, tag: 'a' }, at: 'X-Netweave-At-Least' };
  const refused: string[] = [];
  const waits: Promise<void>[] = [];
  const ask = (times: number, name: string, tenant?: string) => {
    for (let each = 0; each < times; each += 1)
      waits.push(
        reached(asked, callerOf(name, tenant))!.catch(
          ({ message }: Fault) => void (message.startsWith('Too many') && refused.push(name)),
        ),
      );
  };
  ask(65, 'red 1', 'red');
  for (let each = 2; each <= 8; each += 1) ask(64, `red ${each}`, 'red');
  ask(64, 'blue', 'blue');
  for (let each = 1; each <= 4; each += 1) ask(60, `operator ${each}`);
  await new Promise((resolve) => setImmediate(resolve));
  const times = (name: string) => refused.filter((each) => each.startsWith(name)).length;
  // 256 of red, 64 of blue, and who has no tenant the rest.
  expect(['red 1', 'red', 'blue', 'operator'].map(times)).toEqual([1, 1 + 4 * 64, 0, 4 * 60 - (512 - 256 - 64)]);
  leaving.abort(new Fault('UNAVAILABLE', 'The gateway goes away.'));
  await Promise.all(waits);
  refused.length = 0;
  ask(1, 'red 8', 'red');
  await new Promise((resolve) => setImmediate(resolve));
  expect(refused).toEqual([]);
});
