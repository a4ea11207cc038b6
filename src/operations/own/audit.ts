import { z } from 'zod';
import { Audit, AuditPage } from '#schema/audit.js';
import type { AuditEntry } from '#platform/store/store.js';
import { auditPermission } from '../../access/policy.js';
import { operation, type Call } from '../operation.js';

/** Entries read from the store at once, and looked at for one page: what a tenant sees may lie far apart. */
const slice = 500;
const mostLookedAt = 10_000;
/** Of the entries of one page, characters. */
const mostText = 1024 * 1024;

export const audit = [
  operation({
    name: 'audit.read',
    object: Audit,
    verb: 'read',
    field: 'audit',
    kind: 'query',
    permission: auditPermission,
    input: z.strictObject({
      after: z.string().max(1000).describe('`next` of an earlier page.').optional(),
      first: z.int32().min(1).max(1000).default(100).describe('How many entries at most.'),
    }),
    output: AuditPage,
    summary: 'Reads the audit log, newest first; of a tenant, what was asked with its roles.',
    audit: 'none',
    run: async (call, { after, first }) => ({
      kind: 'value',
      value: await pageOf(call, after, first),
      position: call.view.position(),
      gaps: [],
    }),
  }),
] as const;

async function pageOf(call: Call, after: string | undefined, first: number): Promise<z.output<typeof AuditPage>> {
  const { tenant } = call.scope;
  const binding = JSON.stringify([Audit.name, tenant]);
  const items: AuditEntry[] = [];
  let text = 0;
  let before = after === undefined ? undefined : call.markers.open(binding, after).id;
  for (let lookedAt = 0; lookedAt < mostLookedAt; lookedAt += slice) {
    call.signal.throwIfAborted();
    const entries = await call.readAudit(before, slice);
    for (const { id, entry } of entries) {
      const full = items.length === first || text > mostText;
      if (full) return { items: items.map(shown), next: call.markers.seal(binding, { id: before! }) };
      before = id;
      if (tenant !== undefined && entry.tenant !== tenant) continue;
      items.push(entry);
      text += JSON.stringify(entry).length;
    }
    if (entries.length < slice) return { items: items.map(shown) };
  }
  return { items: items.map(shown), next: call.markers.seal(binding, { id: before! }) };
}

function shown({ attributes, ...entry }: AuditEntry): z.output<typeof AuditPage>['items'][0] {
  return { ...entry, ...(attributes && { attributes: [...attributes] }) };
}
