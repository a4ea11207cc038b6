import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';

const here = new URL('.', import.meta.url).href;

/** A process with the given steps; `say` of a step's line tells when it runs. */
async function run(steps: string, limitMs = 20_000) {
  const script = `
    import { createLogger } from '${here}logger.js';
    import { shutdownOnSignals } from '${here}shutdown.js';
    const hang = () => new Promise(() => {});
    const logger = createLogger({ mode: 'production' });
    globalThis.stop = shutdownOnSignals([${steps}], logger, ${limitMs});
    setInterval(() => {}, 1000);
    console.log('ready');
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = text(child.stderr);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const says = async (expected: string) => expect((await lines.next()).value).toBe(expected);
  const ended = once(child, 'exit').then(([code]) => code as number);
  await says('ready');
  return { child, says, ended, log };
}

const step = (name: string, body = '') => `{ name: '${name}', run: async () => { console.log('${name}'); ${body} } }`;

describe('a signal', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('%s runs the steps in order and ends with 0', async (signal) => {
    const { child, says, ended, log } = await run([step('one', 'await 0;'), step('two')].join());
    child.kill(signal);
    await says('one');
    await says('two');
    expect(await ended).toBe(0);
    expect(await log).toMatch(`"reason":"${signal}"`);
  });

  test('passes over a step that fails, says so, and ends with 1', async () => {
    const { child, says, ended, log } = await run([step('one', "throw new Error('no')"), step('two')].join());
    child.kill('SIGTERM');
    await says('one');
    await says('two');
    expect(await ended).toBe(1);
    expect(await log).toMatch(/"step":"one","msg":"A step of stopping failed\."/);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('that comes second (%s) ends at once with %i', async (signal, code) => {
    const { child, says, ended } = await run(step('one', 'await hang();'));
    child.kill('SIGTERM');
    await says('one');
    await sleep(300);
    child.kill(signal);
    expect(await ended).toBe(code);
  });

  test('that comes twice at once, as to a process group, counts once', async () => {
    const { child, says, ended } = await run(step('one', 'await new Promise((resolve) => setTimeout(resolve, 400));'));
    child.kill('SIGTERM');
    await says('one');
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  test('does not wait for ever', async () => {
    const { child, ended, log } = await run(step('stuck', 'await hang();'), 50);
    child.kill('SIGTERM');
    expect(await ended).toBe(1);
    expect(await log).toMatch(/"step":"stuck","msg":"Stopping took longer than 50 ms/);
  });
});
