import { z } from 'zod';
import { text } from './attributes.js';
import { defineObject } from './object.js';

const model = z
  .object({
    at: z.iso.datetime().describe('When it was written.'),
    requestId: text('The request, as `X-Request-Id` named it.'),
    principal: text('Who asked.'),
    tenant: z.string().nullable().describe('Whose roles it asked with; null for a role without a tenant.'),
    operation: text('What was asked for: `resourcePools.update`.'),
    stage: z
      .enum(['intent', 'outcome'])
      .meta({ id: 'AuditStage', description: 'Before a mutation ran, or what came of it.' })
      .describe('`intent`: before it ran; `outcome`: after it, or instead of it.'),
    code: text('What came of it: `OK`, or the code of the error.').optional(),
    target: text('Id of the object it was about.').optional(),
    attributes: z
      .array(z.string())
      .describe('Names of the attributes it was to change; never their values.')
      .optional(),
  })
  .meta({ id: 'AuditEntry', description: 'One entry of the audit log.' });

/** A page of the audit, newest first. */
export const AuditPage = z
  .object({
    items: z.array(model).describe('Entries, newest first.'),
    next: z
      .string()
      .optional()
      .describe('For `after`, to read on; absent on the last page. A page may be short before.'),
  })
  .meta({ id: 'AuditPage', description: 'A page of the audit log.' });

/** Who wanted to change what; the gateway itself writes it, beside the inventory. */
export const Audit = defineObject({
  name: 'AuditEntry',
  collection: 'audit',
  key: 'requestId',
  model,
  relations: {},
  presenters: [],
});
