import { expect } from '@jest/globals';
import { z } from 'zod';
import { Fault } from '#schema/errors.js';
import { objects } from '#schema/objects.js';
import type { Scope } from '#schema/scope.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { AuditEntry } from '#platform/store/store.js';
import { coverage } from '#subscriptions/coverage.js';
import { openView } from '../../inventory/view.js';
import { gate, type Caller, type GateParts, type Outcome } from '../gate.js';
import { markers } from '../markers.js';
import { operation, type Answer, type Call, type Operation } from '../operation.js';
import type { Writes } from '../writes.js';
import { subscriptionsOf } from './subscriptions.js';

/** What gates write down, and what they are made of. */
export async function openDoor() {
  const store = await openEmbeddedStore({ memory: true });
  const view = await openView(store, () => undefined);
  const account = coverage();
  account.expect('east', ['ResourcePool'], new Set());
  const audit: AuditEntry[] = [];
  const counted: Outcome[] = [];
  const unforeseen: unknown[] = [];
  const opened = (more: Partial<GateParts> = {}) =>
    gate({
      view,
      writes: {} as Writes,
      subscriptions: subscriptionsOf(store),
      markers: markers(Buffer.alloc(32)),
      coverage: account,
      charge: () => 0,
      store: { readAudit: async () => [], appendAudit: async (entry) => void audit.push(entry) },
      pageSize: 7,
      deadline: 20,
      firstSyncTimeout: 60_000,
      count: (outcome) => counted.push(outcome),
      unforeseen: (error) => unforeseen.push(error),
      ...more,
    });
  async function close(): Promise<void> {
    view.stop();
    await store.close();
  }
  return { account, audit, counted, unforeseen, opened, close };
}

export type Door = Awaited<ReturnType<typeof openDoor>>;

const scope = (permissions: readonly string[], tenant?: string): Scope => ({
  tenant,
  permissions: new Set(permissions),
  key: 'k',
});
export function caller(
  more: Partial<Caller> = {},
  permissions = ['resourcePools:read', 'resourcePools:update'],
): Caller {
  return {
    principal: { name: 'ann', scope: scope(permissions, 'red') },
    requestId: 'r1',
    signal: new AbortController().signal,
    ...more,
  };
}

export const row = { kind: 'row', position: { seq: 1, tag: 't' }, stamp: 's', gaps: [] } as unknown as Answer;
type Declared = Operation<'ResourcePool', 'get', z.ZodObject<{ id: z.ZodString }>>;

export function query(
  run: (call: Call, input: { id: string }) => Answer | Promise<Answer>,
  more: Partial<Declared> = {},
): Operation {
  const input = z.strictObject({ id: z.string() });
  const declared = {
    name: 'resourcePools.get',
    object: objects.ResourcePool,
    verb: 'get',
    kind: 'query',
    permission: 'resourcePools:read',
    input,
    summary: '',
    audit: 'none',
    run,
  } as const;
  return operation({ ...declared, ...more }) as unknown as Operation;
}
export function mutation(run: (call: Call) => Answer | Promise<Answer>): Operation {
  return query(run, {
    name: 'resourcePools.update',
    kind: 'mutation',
    permission: 'resourcePools:update',
    audit: 'durable',
  } as never);
}

export async function faultOf(call: () => unknown): Promise<Fault> {
  try {
    await call();
  } catch (error) {
    expect(error).toBeInstanceOf(Fault);
    return error as Fault;
  }
  throw new Error('It did not fail.');
}
export const forever = (call: Call) =>
  new Promise<Answer>((_, reject) => call.signal.addEventListener('abort', () => reject(call.signal.reason as Error)));
