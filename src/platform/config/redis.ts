import { z } from 'zod';
import { duration } from './units.js';

const host = z.string().min(1).max(255);
const port = z.int().min(1).max(65_535);
const path = z.string().min(1).max(4096);

const Sentinel = z.strictObject({
  host: host.describe('Address of the Sentinel.'),
  port: port.default(26_379).describe('Port of the Sentinel.'),
});

const Tls = z
  .strictObject({
    ca: path
      .optional()
      .describe('PEM file with the authorities that are trusted; those of Node when absent.')
      .meta({ file: 'read' }),
    certificate: path
      .optional()
      .describe('PEM file: the client certificate, then its intermediates.')
      .meta({ file: 'read' }),
    key: path.optional().describe('PEM file with the private key of the client certificate.').meta({ file: 'read' }),
    servername: host.optional().describe('Name that the certificate of the server must bear; its host when absent.'),
  })
  .describe('TLS to Redis and to the Sentinels. `{}` trusts what Node trusts.');

/** A Redis that many gateways share. */
export const Redis = z.strictObject({
  host: host.default('127.0.0.1').describe('Address of Redis; unused with `sentinels`.'),
  port: port.default(6379).describe('Port of Redis; unused with `sentinels`.'),
  sentinels: z.array(Sentinel).default([]).describe('Sentinels that know which Redis is the primary.'),
  name: z.string().min(1).optional().describe('What the Sentinels call the primary.'),
  username: z.string().min(1).optional().describe('User of Redis; `default` when absent.'),
  password: z.string().min(1).optional().describe('Password of that user.').meta({ secret: true }),
  passwordFile: path.optional().describe('File that holds the password, instead of `password`.').meta({ file: 'read' }),
  sentinelUsername: z.string().min(1).optional().describe('User of the Sentinels.'),
  sentinelPassword: z.string().min(1).optional().describe('Password of the Sentinels.').meta({ secret: true }),
  database: z.int().min(0).max(1023).default(0).describe('Number of the database.'),
  keyPrefix: z
    .string()
    .min(1)
    .max(100)
    .default('netweave:')
    .describe('Begin of all keys; gateways that share it are replicas of one another.'),
  tls: Tls.optional(),
  startTimeout: duration('How long a start waits for Redis that is not there yet, before it gives up.', 0).prefault(
    '60s',
  ),
  replicas: z
    .int()
    .min(0)
    .max(16)
    .default(0)
    .describe('Replicas that must confirm what only the store knows, even if fewer are connected.'),
});

export type RedisSettings = z.output<typeof Redis>;
