import { z } from 'zod';
import { slug } from './backends.js';

/** A client's bearer token; the gateway knows only its hash. */
export const Token = z.strictObject({
  name: slug.describe('Name of the client, as logs and audit show it.'),
  sha256: z
    .string()
    .regex(
      /^[0-9a-fA-F]{64}$/,
      'Needs the SHA-256 of the token in 64 hexadecimal digits: `printf %s "$TOKEN" | sha256sum`.',
    )
    .toLowerCase()
    .describe('SHA-256 of the token, in hexadecimal.')
    .meta({ secret: true }),
  roles: z
    .array(z.string().min(1))
    .min(1)
    .describe(
      'What it may do: `reader`, `operator`, `deployer` (credentials of deployment managers), `monitor` (metrics), `auditor` (the audit), `admin`, or some of `roles`.',
    ),
  tenant: slug.optional().describe('The tenant it belongs to; without one it sees every tenant.'),
  expires: z.iso
    .datetime({ offset: true })
    .optional()
    .describe('When it ends, such as `2027-01-31T00:00:00Z`; live connections with it are closed then.'),
});

const permission = z
  .string()
  .regex(
    /^(\*|[A-Za-z][A-Za-z0-9]*:[A-Za-z][A-Za-z0-9]*)$/,
    'Needs `<objects>:<verb>`, such as `resourcePools:read`, or `*`.',
  );

export const Roles = z
  .record(slug, z.array(permission).min(1))
  .describe('Roles beside the built-in ones: a name, and the permissions it holds.');
