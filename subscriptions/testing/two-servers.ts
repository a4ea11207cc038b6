import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Change } from '#schema/change.js';
import { origin, type Position } from '#schema/position.js';
import type { LogRead, Store } from '#platform/store/store.js';

/** A log as a primary and its replica hold it: what only the primary has is lost when the other takes over. */
export interface TwoServers {
  /** As far as those who follow a log use it. */
  readonly store: Store;
  /** All that stands on the primary. */
  readonly log: readonly Position[];
  happen(...ids: readonly string[]): readonly Position[];
  /** The replica is cut off. */
  cutOff(): void;
  /** The replica has everything, and goes on so. */
  settle(): void;
  /** The replica takes over with what it has. */
  failOver(): void;
  /** So many at the end are gone, though the replica had confirmed them. */
  lose(count: number): void;
}

export function twoServers(): TwoServers {
  let log: Change[] = [];
  let kept = Infinity;
  let batches = 0;
  const wakes = new Set<() => void>();
  const wake = () => wakes.forEach((each) => each());
  const stands = ({ seq, tag }: Position) => seq === 0 || log[seq - 1]?.position.tag === tag;
  const own: Partial<Store> = {
    head: () => Promise.resolve(log.at(-1)?.position ?? origin),
    read(from, limit): Promise<LogRead> {
      // Under way, an answer is of the server that was asked.
      if (!stands(from)) return nextTurn({ outcome: 'rewritten' });
      return nextTurn({ outcome: 'read', changes: log.slice(from.seq, from.seq + limit) });
    },
    confirm: (position) =>
      position.seq > kept ? Promise.reject(new Error('not confirmed')) : Promise.resolve(stands(position)),
    onAppend(then) {
      wakes.add(then);
      return () => void wakes.delete(then);
    },
    close: () => Promise.resolve(),
  };
  return {
    store: own as Store,
    get log() {
      return log.map(({ position }) => position);
    },
    happen(...ids) {
      const tag = `t${(batches += 1)}`;
      const added = ids.map((id, index) => changeAt(id, { seq: log.length + index + 1, tag }));
      log = [...log, ...added];
      wake();
      return added.map(({ position }) => position);
    },
    cutOff: () => void (kept = Math.min(kept, log.length)),
    settle() {
      kept = Infinity;
      wake();
    },
    lose(count) {
      log = log.slice(0, Math.max(1, log.length - count));
      wake();
    },
    failOver() {
      log = log.slice(0, kept);
      kept = Infinity;
      wake();
    },
  };
}

function changeAt(id: string, position: Position): Change {
  const place = { object: 'Resource', id, tenant: null, instance: 'east' };
  const reversePatch = { resourceId: id };
  return { ...place, change: 'deleted', baseline: false, at: '2026-01-01T00:00:00Z', reversePatch, position };
}
