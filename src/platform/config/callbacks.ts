import { z } from 'zod';
import { entryForm, parseEntry } from '../outbound/allow.js';
import { slug } from './backends.js';
import { duration } from './units.js';

const targets = z
  .array(z.string().refine((text) => parseEntry(text) !== undefined, entryForm))
  .default([])
  .describe(
    'Who may be called for every tenant: networks (`10.0.0.0/8`), names (`smo.example.com`, `*.example.com`), with a port if need be (`:8443`). Nobody when empty; in development this machine too.',
  );

/** Whom tenants may make us call: webhooks of subscriptions and the token endpoints that go with them. */
export const Callbacks = z.strictObject({
  allow: targets,
  http: z
    .boolean()
    .default(false)
    .describe('Whether http is admitted beside https, for all; one entry admits it with `http://` in front of it.'),
  tenants: z
    .record(slug, z.strictObject({ allow: targets }))
    .default({})
    .describe('Further targets of single tenants: `tenants.<tenant>.allow`, written as `allow`.'),
  timeout: duration(
    'Longest a call may take, the token for it included, from the name to the last byte of the answer.',
    100,
    300_000,
  ).prefault('15s'),
  perEndpoint: z
    .int()
    .min(1)
    .max(256)
    .default(8)
    .describe(
      'Most notifications under way at once to one endpoint, in each process. Test notifications and the GET that tries a new callback are not counted; `limits.rate` and `limits.inFlightPerPrincipal` bound these.',
    ),
  perTenant: z
    .int()
    .min(1)
    .max(4096)
    .default(64)
    .describe(
      'Most notifications of one tenant under way at once, in each process; at most half of them are retries, or for endpoints that take longer than a second.',
    ),
  altogether: z
    .int()
    .min(1)
    .max(16_384)
    .default(512)
    .describe(
      'Most notifications under way at once, in each process; at most half of them are retries, or for endpoints that take longer than a second.',
    ),
  deadLetters: z
    .int()
    .min(1)
    .max(100_000)
    .default(1000)
    .describe('Most notifications that were given up and are kept, of each subscription; the oldest go first.'),
  test: z
    .enum(['on', 'off'])
    .default('on')
    .describe('Whether a callback must answer GET with 204 before a subscription is made (ETSI NFV-SOL 015, 5.9).'),
});
