import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { merge, type Stream } from './merge.js';

/** Counts up until the signal; notes when it has ended. */
function counter(name: string, every: number, ended: string[]): Stream<string> {
  return async function* (signal) {
    for (let count = 0; !signal.aborted; count += 1) {
      yield `${name}${count}`;
      await sleep(every, undefined, { signal }).catch(() => undefined);
    }
    ended.push(name);
  };
}

async function* quiet(signal: AbortSignal): AsyncGenerator<string> {
  await sleep(60_000, undefined, { signal }).catch(() => undefined);
}

describe('merge', () => {
  test('gives each stream its order and all of them their turn', async () => {
    const ended: string[] = [];
    const seen: string[] = [];
    const streams = [counter('a', 1, ended), counter('b', 3, ended), quiet];
    for await (const item of merge(streams, new AbortController().signal)) {
      seen.push(item);
      if (seen.includes('a4') && seen.includes('b2')) break;
    }
    expect(ended.sort()).toEqual(['a', 'b']);
    for (const name of ['a', 'b']) {
      const own = seen.filter((item) => item.startsWith(name));
      expect(own).toEqual(own.map((_, index) => `${name}${index}`));
    }
  });

  test('ends with the signal, and ends all when one throws', async () => {
    const ended: string[] = [];
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 10);
    for await (const _ of merge([counter('a', 1, ended), quiet], controller.signal));
    const broken: Stream<string> = async function* () {
      yield 'x';
      throw new Error('broken');
    };
    const read = async () => {
      for await (const _ of merge([counter('b', 1, ended), broken, quiet], new AbortController().signal));
    };
    await expect(read()).rejects.toThrow('broken');
    expect(ended).toEqual(['a', 'b']);
  });
});
