import { mkdtempSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { accessLog, type Access } from './access-log.js';
import type { Sink } from './line-sink.js';

const access: Access = {
  requestId: 'r-1',
  method: 'GET',
  path: '/o2ims-infrastructureInventory/v2/resourcePools',
  status: 200,
  bytes: 291,
  microseconds: 153.6,
  remote: '127.0.0.1',
};

function recording(write: (text: string) => Promise<void> = () => Promise.resolve()) {
  const texts: string[] = [];
  const sink: Sink = {
    write: (lines) => write(lines.toString()).then(() => void texts.push(lines.toString())),
    reopen: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  return {
    sink,
    texts,
    events: () =>
      texts
        .join('')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

const folder = () => mkdtempSync(join(tmpdir(), 'netweave-access-'));
const lines = (file: string) => readFileSync(file, 'utf8').split('\n').slice(0, -1);

describe('the access log', () => {
  test('has a JSON line per request', async () => {
    const { sink, events } = recording();
    const log = await accessLog({ sink });
    log.line(access);
    log.line({ ...access, principal: 'smo', tenant: 'a' });
    log.line({ ...access, tenant: undefined });
    await log.close();
    const { microseconds: _, ...same } = access;
    const line = { ...same, us: 154, time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) };
    expect(events()).toEqual([line, { ...line, principal: 'smo', tenant: 'a' }, line]);
  });

  test('cannot be forged by what a client sends', async () => {
    const { sink, texts, events } = recording();
    const log = await accessLog({ sink });
    const sent = fc
      .sample(fc.string({ unit: 'binary', maxLength: 40 }), 100)
      .concat('a"}\n{"status":500', '\ud800', '\\', '\u2028');
    for (const path of sent)
      log.line({ ...access, path, method: path, requestId: path, remote: path, principal: path, tenant: path });
    await log.close();
    expect(texts.join('').split('\n')).toHaveLength(sent.length + 1);
    expect(events().map(({ path }) => path)).toEqual(sent);
  });

  test('is written in batches of 16 KiB, and the rest by a timer', async () => {
    let wake: () => void;
    const first = new Promise<void>((resolve) => (wake = resolve));
    const { sink, texts } = recording(() => Promise.resolve(wake()));
    const log = await accessLog({ sink });
    log.line(access);
    await first;
    await new Promise(setImmediate);
    expect(texts).toHaveLength(1);
    for (let at = 0; at < 1000; at++) log.line(access);
    await log.close();
    const batches = texts.slice(1, -1).map(({ length }) => length);
    expect(Math.min(...batches)).toBeGreaterThanOrEqual(16_384);
    expect(Math.max(...batches)).toBeLessThan(17_000);
    expect(log.dropped).toBe(0);
  });

  test('drops lines and counts them while the destination hangs, and goes on after', async () => {
    let free: () => void;
    const hanging = new Promise<void>((resolve) => (free = resolve));
    const { sink, events } = recording(() => hanging);
    const log = await accessLog({ sink });
    const sent = 50_000;
    for (let at = 0; at < sent; at++) log.line(access);
    expect(log.dropped).toBeGreaterThan(10_000);
    free!();
    await new Promise(setImmediate);
    const lost = log.dropped;
    log.line({ ...access, path: '/after' });
    await log.close();
    expect(events()).toHaveLength(sent - lost + 1);
    expect(events().at(-1)).toMatchObject({ path: '/after' });
  });

  test('counts what a failing destination lost, and complains once', async () => {
    let broken = true;
    const { sink, events } = recording(() => (broken ? Promise.reject(new Error('ENOSPC')) : Promise.resolve()));
    const complaints: string[] = [];
    const log = await accessLog({ sink, onFault: (error) => complaints.push(error.message) });
    for (let at = 0; at < 200; at++) log.line({ ...access, path: '/'.padEnd(1000, 'x') });
    while (log.dropped < 180) await new Promise(setImmediate);
    expect(complaints).toEqual(['ENOSPC']);
    broken = false;
    const lost = log.dropped;
    await log.close();
    expect(events()).toHaveLength(200 - lost);
  });
});

describe('a file', () => {
  test('is appended to', async () => {
    const file = join(folder(), 'access.log');
    for (const path of ['/one', '/two']) {
      const log = await accessLog({ file });
      log.line({ ...access, path });
      await log.close();
    }
    expect(lines(file).map((line) => (JSON.parse(line) as Access).path)).toEqual(['/one', '/two']);
  });

  test('that was moved away is opened anew on SIGHUP', async () => {
    const file = join(folder(), 'access.log');
    const log = await accessLog({ file });
    log.line(access);
    await log.reopen();
    expect(lines(file)).toHaveLength(1);
    renameSync(file, `${file}.1`);
    log.line({ ...access, path: '/last' });
    process.emit('SIGHUP', 'SIGHUP');
    log.line({ ...access, path: '/two' });
    await log.close();
    expect(lines(file).map((line) => (JSON.parse(line) as Access).path)).toEqual(['/two']);
    expect(lines(`${file}.1`)).toHaveLength(2);
    expect(process.listenerCount('SIGHUP')).toBe(0);
  });

  test('that cannot be opened is refused at once', async () => {
    await expect(accessLog({ file: join(folder(), 'no', 'access.log') })).rejects.toThrow(/ENOENT/);
  });
});
