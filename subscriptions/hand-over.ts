import { randomUUID } from 'node:crypto';
import type { NativeEvent } from '#adapters/contract.js';
import { Fault, type Code } from '#schema/errors.js';
import { formatPosition, parsePosition } from '#schema/position.js';
import type { Store, StoredDocument } from '#platform/store/store.js';
import type { Synced } from './feed.js';

/** What a backend answered to a write, for the process that watches the backend. */
export interface HandedOver {
  readonly instance: string;
  readonly events: readonly NativeEvent[];
  /** When the write was sent, milliseconds since 1970 by the clock of the process that sent it. */
  readonly began: number;
}

type Documents = Pick<Store, 'get' | 'put' | 'remove' | 'list' | 'onAppend'>;

const kind = 'observed';
/** A wake-up may be lost. */
const lookAgain = 250;
/** Between two looks, so that a busy log does not mean a list for each append. */
const breath = 5;
/** How long an answer is kept for one who may be gone. */
const kept = 60_000;
const loose = { loose: true, wake: true } as const;

/** Hands over and resolves when it can be read. Throws BACKEND_TIMEOUT when the signal aborts before somebody has seen to it. */
export async function handOver(
  store: Documents,
  { instance, events, began }: HandedOver,
  signal?: AbortSignal,
): Promise<Synced> {
  const id = `${instance}/${randomUUID()}`;
  const woken = wakeUps(store, signal);
  try {
    await store.put(kind, id, { events, began }, 0, loose);
    for (;;) {
      const answer = (await store.get(kind, id))?.value['answer'] as Answer | undefined;
      if (answer) return syncedFrom(answer);
      if (signal?.aborted) throw late(instance);
      await woken.next();
    }
  } finally {
    woken.stop();
    void forget(store, id).catch(() => undefined);
  }
}

/** The side of the process that watches: sees to what was handed over for the instances it holds. */
export interface Inbox {
  /** Looks soon. */
  look(): void;
  stop(): void;
}

export interface InboxParts {
  readonly store: Documents;
  holds(instance: string): boolean;
  /** Undefined when it is to be left for the next who watches. */
  see(given: HandedOver): Promise<Synced | undefined>;
  failed(error: unknown): void;
}

export function inbox({ store, holds, see, failed }: InboxParts): Inbox {
  const under = new Set<string>();
  let [again, looking, stopped] = [false, false, false];
  const answer = async ({ id, revision, value }: StoredDocument): Promise<void> => {
    const given = { ...(value as unknown as Omit<HandedOver, 'instance'>), instance: instanceOf(id) };
    const answered = await see(given).then(answerFrom, faultFrom);
    if (!answered) return;
    await store.put(kind, id, { answer: answered, at: Date.now() }, revision, loose);
  };
  const lookOnce = async (): Promise<void> => {
    for (const document of await store.list(kind)) {
      const { id, revision, value } = document;
      if (under.has(id) || !holds(instanceOf(id))) continue;
      if (value['answer']) {
        if (Math.abs(Date.now() - (value['at'] as number)) > kept)
          await store.remove(kind, id, revision, { loose: true });
        continue;
      }
      under.add(id);
      void answer(document)
        .catch(failed)
        .finally(() => under.delete(id));
    }
  };
  const look = (): void => {
    again = true;
    if (looking || stopped) return;
    looking = true;
    void (async () => {
      for (; again && !stopped; await pause(breath)) {
        again = false;
        await lookOnce().catch(failed);
      }
      looking = false;
    })();
  };
  const unsubscribe = store.onAppend(look);
  return {
    look,
    stop() {
      stopped = true;
      unsubscribe();
    },
  };
}

type Answer = { readonly position: string | null } | { readonly code: Code; readonly message: string };

function answerFrom(synced: Synced | undefined): Answer | undefined {
  return synced && { position: synced.position ? formatPosition(synced.position) : null };
}

function faultFrom(error: unknown): Answer {
  if (error instanceof Fault) return { code: error.code, message: error.message };
  return { code: 'INTERNAL', message: String(error) };
}

function syncedFrom(answer: Answer): Synced {
  if ('code' in answer) throw new Fault(answer.code, answer.message, { retryAfter: 1 });
  const position = answer.position === null ? undefined : parsePosition(answer.position);
  return { appended: 0, held: new Map(), ignored: 0, ...(position && { position }) };
}

function late(instance: string): Fault {
  const why = 'no gateway has read it far enough to show that';
  return new Fault('BACKEND_TIMEOUT', `The backend '${instance}' did the write, but ${why}; read the object again.`, {
    retryAfter: 1,
  });
}

function instanceOf(id: string): string {
  return id.slice(0, id.lastIndexOf('/'));
}

async function forget(store: Documents, id: string): Promise<void> {
  const document = await store.get(kind, id);
  if (document) await store.remove(kind, id, document.revision, { loose: true });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** `next` resolves at the next wake-up (one that came before counts), after a while without one, or when the signal aborts. */
function wakeUps(store: Documents, signal: AbortSignal | undefined) {
  let woken = Promise.withResolvers<void>();
  const wake = () => woken.resolve();
  const unsubscribe = store.onAppend(wake);
  signal?.addEventListener('abort', wake, { once: true });
  return {
    async next() {
      const timer = setTimeout(wake, lookAgain);
      await woken.promise;
      clearTimeout(timer);
      woken = Promise.withResolvers();
    },
    stop() {
      unsubscribe();
      signal?.removeEventListener('abort', wake);
    },
  };
}
