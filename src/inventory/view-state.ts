import type { Change } from '#schema/change.js';
import { later, origin, type Position } from '#schema/position.js';
import { sees, type Scope } from '#schema/scope.js';
import type { Store } from '#platform/store/store.js';
import { listMark, marksOf } from '#subscriptions/marks.js';
import type { Kind } from './kind.js';
import { LogPlaces, unlessAborted } from './log-places.js';
import { rowOf, type Row } from './row.js';
import { readSnapshot, type Contents } from './snapshot.js';
import { passedAnew, Passed } from './passed.js';
import { slices } from './slices.js';
import { lostInFailover, readAnew, Waiting, type Standing } from './waiting.js';

/** Read and parsed in one turn of the loop. */
const readLimit = 200;

/** What the view holds, and how it follows the log. */
export class ViewState {
  readonly #store: Store;
  readonly #places: LogPlaces;
  readonly #waiting = new Waiting();
  #contents: Contents = { kinds: new Map(), marks: new Map(), position: origin, passed: new Passed(origin) };

  constructor(store: Store) {
    this.#store = store;
    this.#places = new LogPlaces(store);
  }

  get position(): Position {
    return this.#contents.position;
  }

  kind(object: string): Kind {
    const kind = this.#contents.kinds.get(object);
    if (!kind) throw new Error(`The view holds no '${object}'.`);
    return kind;
  }

  get(scope: Scope, object: string, id: string): Row | undefined {
    const kind = this.kind(object);
    const row = kind.get(id) ?? nestedRow(kind, id);
    return row && sees(scope, row.tenant) ? row : undefined;
  }

  mark(scope: Scope, object: string, parent?: string): Position {
    const { marks } = this.#contents;
    const at = (tenant: string | null | undefined) => marks.get(listMark(object, tenant, parent)) ?? origin;
    return scope.tenant === undefined ? at(undefined) : later(at(null), at(scope.tenant));
  }

  /** What is known of it without asking the log. */
  standing({ seq, tag }: Position): Standing {
    const { position, passed } = this.#contents;
    if (seq > position.seq) return 'ahead';
    const stands = seq === origin.seq ? origin.tag : passed.tagAt(seq);
    if (stands === undefined) return 'passed';
    return stands === tag ? 'reached' : 'other';
  }

  async reached(position: Position, signal?: AbortSignal): Promise<void> {
    const standing = this.standing(position);
    if (standing === 'ahead' || standing === 'other') await this.#waiting.until(position, signal);
    if (this.standing(position) === 'passed') await unlessAborted(this.#demandHeld(position), signal);
  }

  /** What the log holds there was passed if the log also holds what this view remembers behind it. */
  async #demandHeld(position: Position): Promise<void> {
    const { passed } = this.#contents;
    const found = await this.#places.look(position);
    if (found === 'rewritten') throw lostInFailover;
    if (found === 'gone') return;
    if ((await this.#places.look(passed.begin)) === 'rewritten') throw readAnew;
    passed.learn(position);
  }

  /** Reads everything anew; the old contents serve until the new ones stand at the head of the log. */
  async load(): Promise<void> {
    const waited = this.#waiting.all();
    let contents: Contents;
    do {
      contents = await readSnapshot(this.#store, this.#contents.kinds);
      contents.passed = await passedAnew(this.#store, this.#contents.passed, contents.position);
    } while (!(await this.#follow(contents)));
    this.#contents = contents;
    this.#waiting.arrived((position) => this.standing(position));
    this.#waiting.lost(
      waited,
      (position) => this.standing(position) === 'ahead' || this.standing(position) === 'other',
    );
  }

  /**
   * Does, in turns, what a start left for later: parses whatever nobody has looked at yet, so that no scan pays for it and its
   * text is let go, and makes the indexes that a first answer needs not.
   */
  async settle(stopped: () => boolean): Promise<void> {
    const slice = slices();
    for (const kind of this.#contents.kinds.values()) {
      while (!kind.noteNested(() => slice.over()) && !stopped()) await slice.pause();
      for (const row of kind.unordered) {
        void row?.value;
        if (slice.over()) await slice.pause();
        if (stopped()) return;
      }
      await kind.fill(slice, stopped);
    }
  }

  /** Applies what was appended since. */
  async catchUp(): Promise<'read' | 'reloaded'> {
    const waited = this.#waiting.all();
    if (await this.#follow(this.#contents)) {
      this.#waiting.lost(waited, (position) => this.standing(position) === 'other');
      return 'read';
    }
    await this.load();
    return 'reloaded';
  }

  /** Applies the log to `contents` as far as it goes; false when it is not the log they were made from. */
  async #follow(contents: Contents): Promise<boolean> {
    const slice = slices();
    for (;;) {
      const read = await this.#store.read(contents.position, readLimit);
      if (read.outcome !== 'read') return false;
      for (const change of read.changes) {
        apply(contents, change);
        if (slice.over()) await slice.pause();
      }
      if (contents === this.#contents) this.#waiting.arrived((position) => this.standing(position));
      if (!read.more && read.changes.length < readLimit) return true;
    }
  }
}

function apply(contents: Contents, change: Change): void {
  const { object, id, tenant, after, position } = change;
  contents.position = position;
  contents.passed.note(position);
  const kind = contents.kinds.get(object);
  if (!kind) return;
  const before = kind.get(id);
  // The lists it leaves and those it comes to: the same that the store marks, so that ETags outlive a restart.
  const left = before ? marksOf(object, before.tenant, [before.value]) : [];
  for (const mark of new Set([...left, ...marksOf(object, tenant, [after?.value])])) {
    contents.marks.set(mark, later(position, contents.marks.get(mark) ?? origin));
  }
  if (after) kind.set(rowOf(after));
  else kind.delete(id);
}

const nestedRows = new WeakMap<Row, Map<string, Row>>();

/** A nested object as a row of its own: the same Row as long as its owner does not change. */
function nestedRow(kind: Kind, id: string): Row | undefined {
  const found = kind.nested(id);
  if (!found) return undefined;
  const { owner, value } = found;
  let known = nestedRows.get(owner);
  if (!known) nestedRows.set(owner, (known = new Map()));
  let row = known.get(id);
  if (!row) known.set(id, (row = Object.freeze({ ...owner, id, value })));
  return row;
}
