import { describe, expect, test } from '@jest/globals';
import { createLogger, type LoggerOptions } from './logger.js';

function recorded(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const log = createLogger({ mode: 'production', destination: { write: (line) => void lines.push(line) }, ...options });
  return { log, lines, event: () => JSON.parse(lines.at(-1)!) as Record<string, unknown> };
}

describe('the event log', () => {
  test('is a JSON line per event', () => {
    const { log, lines, event } = recorded();
    log.warn({ instance: 'edge', attempts: 3 }, 'The backend is away.');
    expect(lines[0]).toMatch(/^{[^\n]*}\n$/);
    expect(event()).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      instance: 'edge',
      attempts: 3,
      msg: 'The backend is away.',
    });
  });

  test('writes nothing below its level', () => {
    const { log, lines } = recorded({ level: 'error' });
    log.warn('not this');
    expect(lines).toEqual([]);
  });

  test('is a line for people when asked', () => {
    const { log, lines } = recorded({ pretty: true });
    log.info({ port: 8080, tokens: ['c4n4ry'], scope: { tenant: 'a' } }, 'Listening.');
    expect(lines[0]).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} INFO  Listening\. port=8080 tokens=\(redacted\) scope={"tenant":"a"}\n$/,
    );
    log.error(new Error('It broke.'));
    expect(lines[1]).toMatch(/ERROR It broke\.\n {2}Error: It broke\.\n {6}at /);
  });
});

describe('no secret is logged', () => {
  const canary = 'c4n4ry-c4n4ry';
  const cause = Object.assign(new Error(`GET https://me:${canary}@host failed`), {
    config: { headers: { Authorization: `Bearer ${canary}` } },
  });
  test.each<[string, (log: ReturnType<typeof createLogger>) => void]>([
    [
      'a field',
      (log) => log.info({ token: canary, clientSecret: canary, NETWEAVE_KEY: canary, privateKey: canary, key: canary }),
    ],
    [
      'a header',
      (log) =>
        log.info({ headers: { authorization: canary, cookie: canary, 'set-cookie': [canary], 'x-api-key': canary } }),
    ],
    ['a list', (log) => log.info({ tokens: [canary], users: [{ password: canary }] })],
    ['a message', (log) => log.info(`sent Authorization: Bearer ${canary}`)],
    ['a formatted message', (log) => log.info('sent %s to %j', `Basic ${canary}`, { url: `redis://:${canary}@host` })],
    ['a URL', (log) => log.info({ url: `https://user:${canary}@host/path` })],
    ['a private key', (log) => log.info({ pem: `-----BEGIN PRIVATE KEY-----\n${canary}\n-----END PRIVATE KEY-----` })],
    ['an error and its causes', (log) => log.error(new Error('It broke.', { cause }))],
    ['an error among fields', (log) => log.error({ err: new Error('It broke.', { cause }) }, 'Oh.')],
    ['a child', (log) => log.child({ password: canary, headers: { authorization: canary } }).info('hello')],
  ])('in %s', (_where, write) => {
    for (const pretty of [false, true]) {
      const { log, lines } = recorded({ pretty });
      write(log);
      expect(lines.join('')).toContain('(redacted)');
      expect(lines.join('')).not.toContain(canary);
    }
  });

  test('and what only sounds like one is shown', () => {
    const { log, event } = recorded();
    log.info(
      { monkey: 'a', keyboard: 'b', tokenised: 'c', url: 'https://host/a@b', instance: 'key' },
      'Bearer of news',
    );
    expect(event()).toMatchObject({
      monkey: 'a',
      keyboard: 'b',
      tokenised: 'c',
      url: 'https://host/a@b',
      instance: 'key',
    });
  });
});
