import type { Position } from '#schema/position.js';
import type { Scope } from '#schema/scope.js';
import type { Store } from '#platform/store/store.js';
import type { Kind } from './kind.js';
import type { Row } from './row.js';
import { scanTurns, type ScanTurns } from './scan-turns.js';
import { ViewState } from './view-state.js';

/** The in-process read model of everything in the store's log. Reads cost no call to a backend or to the store. */
export interface View {
  kind(object: string): Kind;
  /** In which all scans of it take turns. */
  readonly turns: ScanTurns;
  /** The object, nested ones included, if the scope sees it. */
  get(scope: Scope, object: string, id: string): Row | undefined;
  /** Last position that touched what the scope sees of a list; answers made at it stay true until it moves. */
  mark(scope: Scope, object: string, parent?: string): Position;
  /** Last position applied. */
  position(): Position;
  /** Whether `position`, and no other entry of its number, is remembered as applied; one further back only `reached` knows. */
  has(position: Position): boolean;
  /**
   * Resolves when `position` has been applied, for which the log is asked where that is not remembered; what was trimmed counts
   * as applied. Rejects with the signal's reason, `lostInFailover` if the log has lost it, or `readAnew`.
   */
  reached(position: Position, signal?: AbortSignal): Promise<void>;
  /** Since when the log cannot be looked at; undefined once a look succeeded again. */
  away(): Away | undefined;
  stop(): void;
}

/** A log that the view cannot follow: it stays where it is. */
export interface Away {
  /** Of the first look that failed, milliseconds since 1970. */
  readonly since: number;
  /** Of the last one. */
  readonly error: unknown;
}

/** When what is not needed for the first answers is done, milliseconds after the view stands. */
const startIsOver = 1000;

/**
 * Builds the view from a snapshot and keeps it at the head of the log. `rewritten` is told when the log was rewritten under it
 * (a failover lost its tail): the view has read everything anew, and what was lost must be read from the backends again.
 */
export async function openView(
  store: Store,
  log: (message: string, error: unknown) => void,
  rewritten: () => void = () => undefined,
): Promise<View> {
  const state = new ViewState(store);
  await state.load();
  let stopped = false;
  let away: Away | undefined;
  const settling = afterStart(() =>
    state.settle(() => stopped).catch((error: unknown) => log('The store holds what is no JSON.', error)),
  );
  const following = whenAppended(store, async () => {
    try {
      const caughtUp = await state.catchUp();
      away = undefined;
      if (caughtUp !== 'reloaded') return;
      rewritten();
      settling.begin();
    } catch (error) {
      away = { since: away?.since ?? Date.now(), error };
      if (!stopped) log('The log could not be read; the view stays where it is.', error);
    }
  });
  settling.begin();
  return {
    kind: (object) => state.kind(object),
    turns: scanTurns(),
    get: (scope, object, id) => state.get(scope, object, id),
    mark: (scope, object, parent) => state.mark(scope, object, parent),
    position: () => state.position,
    has: (position) => state.standing(position) === 'reached',
    reached(position, signal) {
      const come = state.reached(position, signal);
      // Whether it is lost, or this view of a log that was rewritten, is known when the log has been looked at again.
      if (state.standing(position) === 'other') following.look();
      return come;
    },
    away: () => away,
    stop() {
      stopped = true;
      following.stop();
      settling.stop();
    },
  };
}

/** Looks now, and whenever something was appended; one look at a time. */
function whenAppended(store: Store, catchUp: () => Promise<void>): { look(): void; stop(): void } {
  let reading: Promise<void> | undefined;
  let again = false;
  let stopped = false;
  const look = (): void => {
    again = true;
    reading ??= (async () => {
      for (; again && !stopped; await catchUp()) again = false;
      reading = undefined;
    })();
  };
  const unsubscribe = store.onAppend(look);
  // A wake-up may be lost; the head is looked at now and then.
  const poll = setInterval(look, 1000);
  poll.unref();
  look();
  return {
    look,
    stop() {
      stopped = true;
      clearInterval(poll);
      unsubscribe();
    },
  };
}

/** Work that can wait until a start, or a reload, is over. */
function afterStart(work: () => Promise<void>): { begin(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => clearTimeout(timer);
  return {
    begin() {
      stop();
      timer = setTimeout(() => void work(), startIsOver).unref();
    },
    stop,
  };
}
