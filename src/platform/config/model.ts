import { z } from 'zod';
import { Backend, Route } from './backends.js';
import { Callbacks } from './callbacks.js';
import { Limits } from './limits.js';
import { AccessLog, Cors, Listen, Metrics, Tls } from './network.js';
import { Location, OCloud, Site } from './places.js';
import { Roles, Token } from './principals.js';
import { Redis } from './redis.js';
import { bytes, duration } from './units.js';

/** Its folder is also that of the key made in development and of simulated O-Clouds, wherever state is kept. */
export const defaultStoreFile = './.netweave/store.db';

const Store = z.strictObject({
  file: z
    .string()
    .min(1)
    .default(defaultStoreFile)
    .describe('A database inside the process, in this file; its folder also keeps the key made in development.'),
  memory: z.boolean().default(false).describe('True keeps nothing: everything is lost when the gateway ends.'),
  redis: Redis.optional().describe(
    'State in Redis 6.2 or newer, instead of a file: for several replicas of the gateway.',
  ),
});

const key = z
  .string()
  .refine((text) => Buffer.from(text, 'base64').length === 32 && /^[A-Za-z0-9+/]{43}=$/.test(text), {
    message: 'The key must be 32 bytes in base64: `openssl rand -base64 32`.',
  });

const Inventory = z.strictObject({
  v2: z.boolean().default(true).describe('Whether version 2 of the inventory API is served.'),
});

const roles = ['api', 'watch', 'deliver'] as const;

/** A list, or its words with commas between, as they are written in the environment. */
const Runs = z
  .union([z.string(), z.array(z.string())])
  .transform((said) => (typeof said === 'string' ? said.split(',').map((word) => word.trim()) : said))
  .pipe(z.array(z.enum(roles)).min(1))
  .prefault([...roles]);

/** Everything that can be configured. Paths of files are relative to the working directory. */
export const ConfigurationModel = z.strictObject({
  mode: z
    .enum(['development', 'production'])
    .default('development')
    .describe('Production refuses to start with what only a demonstration may lack.'),
  conformance: z
    .enum(['default', 'strict', 'suite'])
    .default('default')
    .describe(
      '`strict` demands the Version header and refuses unknown query parameters; `suite` serves version 1 only, as the published test suite wants.',
    ),
  runs: Runs.describe(
    'What this process does: `api` answers clients, `watch` reads backends, `deliver` sends notifications. All, unless several gateways share a Redis.',
  ),
  listen: Listen.prefault({}).describe('Where the gateway listens.'),
  publicUrl: z
    .url({ protocol: /^https?$/ })
    .overwrite((url) => url.replace(/\/+$/, ''))
    .optional()
    .describe('The URL that clients call, for links; the address of the listener when absent.'),
  behindProxy: z
    .boolean()
    .default(false)
    .describe('True: a proxy in front ends TLS, so that production may listen without it.'),
  tls: Tls.optional(),
  store: Store.prefault({}).describe('Where state is kept.'),
  key: key
    .optional()
    .describe('32 bytes in base64; markers are signed and secrets encrypted with keys made from it.')
    .meta({ secret: true }),
  keyFile: z
    .string()
    .min(1)
    .optional()
    .describe('File with such a key, instead of `key`. Development makes one beside the store.')
    .meta({ file: 'read' }),
  oCloud: OCloud.prefault({}).describe('The O-Cloud that this gateway is.'),
  locations: z.array(Location).default([]).describe('Places on earth. `default` is added when a site needs it.'),
  sites: z.array(Site).default([]).describe('Sites of the O-Cloud. `default` is added when it is not listed.'),
  backends: z.array(Backend).default([]).describe('The parts of the O-Cloud: one entry per cluster or controller.'),
  routing: z.array(Route).default([]).describe('Where objects are created when several backends could.'),
  tokens: z.array(Token).default([]).describe('Clients that may call.'),
  roles: Roles.default({}),
  cors: Cors.prefault({}).describe('What browsers may do from other origins.'),
  limits: Limits.prefault({}).describe('What one client may ask for.'),
  callbacks: Callbacks.prefault({}).describe(
    'Whom tenants may make the gateway call: webhooks and their token endpoints.',
  ),
  accessLog: AccessLog.prefault({}).describe('The access log.'),
  metrics: Metrics.prefault({}).describe('Metrics.'),
  apis: z
    .strictObject({ inventory: Inventory.prefault({}).describe('The inventory API.') })
    .prefault({})
    .describe('Which APIs are served.'),
  apiVersionsPrefix: z
    .enum(['absolute', 'relative'])
    .default('absolute')
    .describe('Form of `uriPrefix` in api_versions: a whole URL as O2 demands, or a path as some clients compare it.'),
  firstSyncTimeout: duration(
    'How long an object that is not there is 503, and not 404, before its backends were read for the first time. Lists never wait: they say with X-Netweave-Incomplete what is missing.',
    0,
  ).prefault('30s'),
  logBudget: z
    .strictObject({
      hours: z
        .number()
        .positive()
        .max(8760)
        .default(80)
        .describe(
          'Age in hours at which changes are forgotten: from 80 on, callbacks are tried for the whole 72 hours.',
        ),
      bytes: bytes('Size of the log at which the oldest changes are forgotten.', 1024 ** 2).prefault('1GiB'),
    })
    .prefault({})
    .describe('How far back clients can resume; whichever comes first.'),
  auditBudget: z
    .strictObject({
      days: z.number().positive().max(36_500).default(90).describe('Age in days at which entries are forgotten.'),
      bytes: bytes('Size of the audit at which the oldest entries are forgotten.', 1024 ** 2).prefault('256MiB'),
    })
    .prefault({})
    .describe('How long the store keeps who changed what; whichever comes first.'),
});

/** The configuration as the gateway uses it: defaults filled in, times in milliseconds, sizes in bytes. */
export type Configuration = z.output<typeof ConfigurationModel>;
