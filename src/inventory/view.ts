import type { Change, StoredObject, Value } from '#schema/change.js';
import { later, origin, type Position } from '#schema/position.js';
import { objectNames, objects } from '#schema/objects.js';
import { sees, type Scope } from '#schema/scope.js';
import type { Store } from '#platform/store/store.js';
import { listMark, marksOf } from '#subscriptions/marks.js';
import { interned } from './interned.js';
import { Kind } from './kind.js';
import type { Row } from './row.js';

/** The in-process read model of everything in the store's log. Reads cost no call to a backend or to the store. */
export interface View {
  kind(object: string): Kind;
  /** The object, nested ones included, if the scope sees it. */
  get(scope: Scope, object: string, id: string): Row | undefined;
  /** Last position that touched what the scope sees of a list; answers made at it stay true until it moves. */
  mark(scope: Scope, object: string, parent?: string): Position;
  /** Last position applied. */
  position(): Position;
  /** Resolves when `position` has been applied. */
  reached(position: Position, signal?: AbortSignal): Promise<void>;
  stop(): void;
}

const readLimit = 1000;

/** Builds the view from a snapshot and keeps it at the head of the log. */
export async function openView(store: Store, log: (message: string, error: unknown) => void): Promise<View> {
  const state = new ViewState();
  await state.load(store);
  let reading: Promise<void> | undefined;
  let again = false;
  let stopped = false;
  const follow = (): void => {
    again = true;
    reading ??= (async () => {
      while (again && !stopped) {
        again = false;
        await state.catchUp(store).catch((error: unknown) => log('The log could not be read; the view stays where it is.', error));
      }
      reading = undefined;
    })();
  };
  const unsubscribe = store.onAppend(follow);
  // A wake-up may be lost; the head is looked at now and then.
  const poll = setInterval(follow, 1000);
  poll.unref();
  follow();
  return {
    kind: (object) => state.kind(object),
    get: (scope, object, id) => state.get(scope, object, id),
    mark: (scope, object, parent) => state.mark(scope, object, parent),
    position: () => state.position,
    reached: (position, signal) => state.reached(position, signal),
    stop() {
      stopped = true;
      clearInterval(poll);
      unsubscribe();
    },
  };
}

class ViewState {
  position: Position = origin;
  #kinds = new Map<string, Kind>();
  #marks = new Map<string, Position>();
  #waiting: { readonly seq: number; readonly resolve: () => void }[] = [];

  kind(object: string): Kind {
    const kind = this.#kinds.get(object);
    if (!kind) throw new Error(`The view holds no '${object}'.`);
    return kind;
  }

  get(scope: Scope, object: string, id: string): Row | undefined {
    const kind = this.kind(object);
    const row = kind.get(id);
    if (row) return sees(scope, row.tenant) ? row : undefined;
    const owner = kind.ownerOf(id, scope);
    return owner && nestedRow(owner, kind, id);
  }

  mark(scope: Scope, object: string, parent?: string): Position {
    const at = (tenant: string | null | undefined) => this.#marks.get(listMark(object, tenant, parent)) ?? origin;
    return scope.tenant === undefined ? at(undefined) : later(at(null), at(scope.tenant));
  }

  /** Reads everything anew; the old state serves until the new one stands. */
  async load(store: Store): Promise<void> {
    const kinds = new Map(objectNames.map((name) => [name as string, new Kind(objects[name])]));
    const snapshot = await store.snapshot();
    for await (const chunk of snapshot.objects) {
      for (const stored of chunk) kinds.get(stored.object)?.set(rowOf(stored));
    }
    this.#kinds = kinds;
    this.#marks = new Map(snapshot.marks);
    this.position = snapshot.head;
    this.#wake();
  }

  async catchUp(store: Store): Promise<void> {
    for (;;) {
      const read = await store.read(this.position, readLimit);
      if (read.outcome !== 'read') return this.load(store);
      for (const change of read.changes) this.#apply(change);
      this.#wake();
      if (read.changes.length < readLimit) return;
    }
  }

  #apply(change: Change): void {
    this.position = change.position;
    const kind = this.#kinds.get(change.object);
    const before = kind?.get(change.id);
    for (const mark of marksOf(change.object, change.tenant, [before?.value, change.after?.value])) this.#marks.set(mark, change.position);
    if (before && before.tenant !== change.tenant) {
      for (const mark of marksOf(change.object, before.tenant, [before.value])) this.#marks.set(mark, change.position);
    }
    // A snapshot may already hold what the tail tells again.
    if (!kind || (before && before.position.seq >= change.position.seq)) return;
    if (change.after) kind.set(rowOf(change.after));
    else kind.delete(change.id);
  }

  reached(position: Position, signal?: AbortSignal): Promise<void> {
    if (this.position.seq >= position.seq) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ seq: position.seq, resolve });
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  }

  #wake(): void {
    const ready = this.#waiting.filter((each) => each.seq <= this.position.seq);
    if (ready.length === 0) return;
    this.#waiting = this.#waiting.filter((each) => each.seq > this.position.seq);
    for (const each of ready) each.resolve();
  }
}

function rowOf(stored: StoredObject): Row {
  const { object, id, tenant, instance, identity, position } = stored;
  return Object.freeze({ object, id, tenant, instance, identity, position, value: interned(stored.value) });
}

const nestedRows = new WeakMap<Row, Map<string, Row>>();

/** A nested object as a row of its own: the same Row as long as its owner does not change. */
function nestedRow(owner: Row, kind: Kind, id: string): Row | undefined {
  const known = nestedRows.get(owner) ?? new Map<string, Row>();
  nestedRows.set(owner, known);
  const value = known.get(id)?.value ?? findNested(owner.value, kind, id);
  if (!value) return undefined;
  const row = known.get(id) ?? Object.freeze({ ...owner, id, value });
  known.set(id, row);
  return row;
}

function findNested(value: Value, kind: Kind, id: string): Value | undefined {
  const { nested, key } = kind.definition;
  for (const child of (value[nested!] as readonly Value[] | undefined) ?? []) {
    const found = child[key] === id ? child : findNested(child, kind, id);
    if (found) return found;
  }
  return undefined;
}
