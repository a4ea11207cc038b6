import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Cursor, NativeBatch, NativeEvent, Projections } from '#adapters/contract.js';

const pool = (name: string) => ({ name, oCloudSiteId: 's', oCloudId: 'c', globalLocationId: 'l' });
/** Boxes are types; with their labels they make pools. */
export const project: Projections = {
  ResourceType: {
    each: 'box',
    build: (text: string, identity: string) => {
      const rest = {
        vendor: 'v',
        model: 'm',
        version: '1',
        resourceKind: 'PHYSICAL',
        resourceClass: 'COMPUTE',
      } as const;
      return { value: { name: identity, description: text, ...rest }, tenant: null };
    },
  },
  ResourcePool: {
    contribute: { box: (text: string) => [['p', text]], label: (text: string) => [['p', text]] },
    build: (key: string, parts: readonly unknown[]) => ({
      value: { ...pool(key), description: parts.join(' ') },
      tenant: null,
    }),
  },
};

export const box = (identity: string, text: string, version?: string): NativeEvent => {
  return { type: 'upsert', kind: 'box', identity, native: text, ...(version === undefined ? {} : { version }) };
};
export const list = (kind: string, events: readonly NativeEvent[] = []): NativeEvent[] => {
  return [{ type: 'begin', kind }, ...events, { type: 'complete', kind }];
};
export const labels = list('label', [{ type: 'upsert', kind: 'label', identity: 'l', native: 'L' }]);
export const boxes = (count: number) => Array.from({ length: count }, (_, index) => box(`${index}`, '1'));

type Round = (signal: AbortSignal, cursor: Cursor | undefined) => AsyncIterable<NativeBatch>;

/** Lets everything happen that needs no time. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 60; turn += 1) await nextTurn();
}

/** A stream that the test feeds; a new round takes up what the round before left. */
export function stream(): {
  round: Round;
  say(...batches: (NativeBatch | Error)[]): Promise<void>;
  readonly cursors: (Cursor | undefined)[];
} {
  const waiting: (NativeBatch | Error)[] = [];
  const cursors: (Cursor | undefined)[] = [];
  let wake = () => {};
  return {
    cursors,
    async *round(signal, cursor) {
      cursors.push(cursor);
      signal.addEventListener('abort', () => wake());
      while (!signal.aborted) {
        const next = waiting.shift();
        if (next instanceof Error) throw next;
        if (next) yield next;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    async say(...batches) {
      waiting.push(...batches);
      wake();
      await settle();
    },
  };
}
