import type { ConnectContext, NativeBatch, PortCall, Target } from '../../contract.js';
import { objectId } from '../identity.js';

const oCloudId = '5f0f6d0e-2f0a-4a43-9a39-0c8f0f6b8e11';

/** What an adapter is connected with. */
export const context: ConnectContext = {
  key: 'demo',
  oCloudId,
  idOf: (object, identity) => objectId(oCloudId, 'demo', object, identity),
  siteOf: () => ({ oCloudSiteId: 'default', globalLocationId: 'default' }),
  log: () => undefined,
};

/** What a reader of batches knows. */
export interface Mirror {
  readonly objects: Map<string, { readonly native: unknown; readonly version: string | undefined }>;
  readonly completed: string[];
  readonly stale: string[];
  cursor: NativeBatch['cursor'];
  upserts: number;
}

export function emptyMirror(): Mirror {
  return { objects: new Map(), completed: [], stale: [], cursor: undefined, upserts: 0 };
}

/** Applies a batch; a completed list takes away what it did not name, as the kit does. */
export function reflect(mirror: Mirror, batch: NativeBatch, seen: Map<string, Set<string>>): void {
  for (const event of batch.events) {
    if (event.type === 'begin') seen.set(event.kind, new Set());
    else if (event.type === 'upsert') {
      mirror.upserts++;
      seen.get(event.kind)?.add(`${event.kind}/${event.identity}`);
      mirror.objects.set(`${event.kind}/${event.identity}`, { native: event.native, version: event.version });
    } else if (event.type === 'delete') mirror.objects.delete(`${event.kind}/${event.identity}`);
    else if (event.type === 'stale') mirror.stale.push(event.kind);
    else if (event.type === 'complete') {
      mirror.completed.push(event.kind);
      for (const key of mirror.objects.keys()) {
        if (key.startsWith(`${event.kind}/`) && !seen.get(event.kind)!.has(key)) mirror.objects.delete(key);
      }
    }
  }
  mirror.cursor = batch.cursor ?? mirror.cursor;
}

/** Reads until `enough`, or to the end. */
export async function read(
  batches: AsyncIterable<NativeBatch>,
  enough: (mirror: Mirror) => boolean = () => false,
  mirror = emptyMirror(),
): Promise<Mirror> {
  const seen = new Map<string, Set<string>>();
  for await (const batch of batches) {
    reflect(mirror, batch, seen);
    if (enough(mirror)) break;
  }
  return mirror;
}

export const never: AbortSignal = new AbortController().signal;

export const call: PortCall = { signal: never, scope: { tenant: undefined, permissions: new Set(), key: '*' } };

/** A target as the gate makes it from a row. */
export function target(identity: string, value: Readonly<Record<string, unknown>> = {}): Target {
  return { id: identity, identity, value: value as Target['value'] };
}
