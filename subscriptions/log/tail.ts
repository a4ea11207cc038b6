import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Change } from '#schema/change.js';
import type { Position } from '#schema/position.js';
import type { Store } from '#platform/store/store.js';
import { keptBy } from './kept.js';
import { sizeOf } from './size.js';
import { Recent, type Entry, type RecentLimits } from './recent.js';

const readLimit = 500;
const slice = 2;
const pollEvery = 1000;

/** Who hears of the log. */
export interface Listener {
  entryOf(change: Change): Entry;
  /** Each entry in order, together with the place before it. */
  entry(entry: Entry, before: Position): void;
  /** The log goes on elsewhere than at `at`, the end of `former`: everybody looks for their own place. */
  rewritten(former: Recent, at: Position): void;
  failed(error: unknown): void;
}

/** The one who follows the log in this process. */
export interface Tail {
  readonly position: Position;
  readonly recent: Recent;
  /** Resolves when the log has been read to where it stood at the call. */
  caughtUp(): Promise<void>;
  stop(): void;
}

/** Follows the log from its head on: woken by appends, and looking by itself in case that a wake-up is lost. */
export async function openTail(store: Store, limits: RecentLimits, listener: Listener): Promise<Tail> {
  const kept = keptBy(store);
  const state: { position: Position; recent: Recent; stopped: boolean } = await begin(store, limits, kept);
  let running: Promise<void> | undefined;
  let again = false;

  const follow = (): Promise<void> => {
    again = true;
    running ??= (async () => {
      for (; again && !state.stopped;) {
        again = false;
        await readOn(store, state, { limits, listener, kept }).catch((error: unknown) => listener.failed(error));
      }
      running = undefined;
    })();
    return running;
  };
  const unsubscribe = store.onAppend(() => void follow());
  const poll = setInterval(() => void follow(), pollEvery);
  poll.unref();
  void follow();
  return {
    get position() {
      return state.position;
    },
    get recent() {
      return state.recent;
    },
    caughtUp: follow,
    stop() {
      state.stopped = true;
      clearInterval(poll);
      unsubscribe();
    },
  };
}

type Kept = ReturnType<typeof keptBy>;

async function begin(store: Store, limits: RecentLimits, kept: Kept) {
  let position = await store.head();
  while (!(await kept(position))) position = await store.head();
  return { position, recent: new Recent(position, limits), stopped: false };
}

async function readOn(
  store: Store,
  state: { position: Position; recent: Recent; stopped: boolean },
  { limits, listener, kept }: { readonly limits: RecentLimits; readonly listener: Listener; readonly kept: Kept },
): Promise<void> {
  for (;;) {
    const read = await store.read(state.position, readLimit);
    if (state.stopped) return;
    if (read.outcome !== 'read') {
      const { recent, position } = state;
      Object.assign(state, await begin(store, limits, kept));
      listener.rewritten(recent, position);
      return;
    }
    const last = read.changes.at(-1);
    if (last && !(await kept(last.position))) continue;
    if (state.stopped) return;
    let end = performance.now() + slice;
    for (const change of read.changes) {
      const entry = listener.entryOf(change);
      state.recent.push(entry, sizeOf(change));
      const before = state.position;
      state.position = change.position;
      listener.entry(entry, before);
      if (performance.now() < end) continue;
      await nextTurn();
      if (state.stopped) return;
      end = performance.now() + slice;
    }
    if (!read.more && read.changes.length < readLimit) return;
  }
}
