import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { loadConfiguration } from './load.js';
import { printConfiguration } from './print.js';

const adapterModels = {
  cloud: z.object({
    url: z.string(),
    apiToken: z.string().optional(),
    auth: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('password'), user: z.string(), password: z.string().meta({ secret: true }) }),
      z.object({ kind: z.literal('token'), token: z.string().meta({ secret: true }).optional() }),
    ]),
    headers: z.record(z.string(), z.string().min(1).meta({ secret: true })).default({}),
    tunnel: z.object({ port: z.int(), key: z.string() }).meta({ secret: true }).optional(),
    free: z.unknown(),
  }),
};

const canary = 'c4n4ry';
const options = [
  `{ url: u, auth: { kind: password, user: me, password: ${canary} }, headers: { x: ${canary} }, free: ${canary} }`,
  `{ url: 'https://me:${canary}@host', apiToken: ${canary}, auth: { kind: token, token: ${canary} }, tunnel: { port: 1, key: ${canary} }, free: { deep: ${canary} } }`,
];
const text = `
key: ${Buffer.from(canary.padEnd(32, '.')).toString('base64')}
tokens: [{ name: a, sha256: ${'ab'.repeat(32)}, roles: [reader] }]
backends: [{ key: a, type: cloud, options: ${options[0]} }, { key: b, type: cloud, options: ${options[1]} }]
oCloud: { extensions: { owner: { name: me } } }
`;

describe('the printed configuration', () => {
  const printed = printConfiguration(loadConfiguration({ text, adapterModels }), adapterModels);

  test('holds no secret', () => {
    expect(printed).not.toContain(canary);
    expect(printed).not.toContain(Buffer.from(canary).toString('base64').slice(0, 7));
    expect(printed).not.toContain('abab');
  });

  test('shows everything else, with units', () => {
    expect(parse(printed)).toMatchObject({
      key: '(redacted)',
      tokens: [{ name: 'a', sha256: '(redacted)', roles: ['reader'] }],
      backends: [
        {
          deadline: '10s',
          options: {
            url: 'u',
            auth: { kind: 'password', user: 'me', password: '(redacted)' },
            headers: { x: '(redacted)' },
          },
        },
        {
          options: {
            apiToken: '(redacted)',
            auth: { kind: 'token', token: '(redacted)' },
            tunnel: '(redacted)',
            free: '(redacted)',
          },
        },
      ],
      limits: { bodyBytes: '1MiB' },
      oCloud: { extensions: { owner: { name: 'me' } } },
    });
  });

  test('does not trust options whose adapter it does not know', () => {
    const configuration = loadConfiguration({ text, adapterModels });
    expect(parse(printConfiguration(configuration, {}))).toMatchObject({ backends: [{ options: '(redacted)' }, {}] });
  });

  test('without secrets is read back as the same configuration', () => {
    const configuration = loadConfiguration({ text: 'limits: { deadline: 90s }', adapterModels });
    expect(loadConfiguration({ text: printConfiguration(configuration, adapterModels), adapterModels })).toEqual(
      configuration,
    );
  });
});
