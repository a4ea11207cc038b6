import { randomBytes } from 'node:crypto';
import { samePosition, type Position } from '#schema/position.js';
import type { Append, Appended, Entry } from '../store.js';
import { demandWhole } from '../whole-entry.js';
import type { Cursors } from './cursors.js';
import type { Leases } from './leases.js';
import type { EncodedEntry, Log } from './log.js';
import type { Marks } from './marks.js';
import type { Objects } from './objects.js';

export interface EncodedAppend extends Omit<Append, 'entries'> {
  readonly entries: readonly EncodedEntry[];
}

/** Makes the JSON text of a batch. Throws Fault INTERNAL for an entry that has no state and is no deletion. */
export function encode(append: Append): EncodedAppend {
  return { ...append, entries: append.entries.map(encodeEntry) };
}

function encodeEntry(entry: Entry): EncodedEntry {
  demandWhole(entry);
  const { after, reversePatch } = entry;
  const value = after === undefined ? null : JSON.stringify(after.value);
  return { entry, value, reversePatch: reversePatch === undefined ? null : JSON.stringify(reversePatch) };
}

/** Writes a batch whole or not at all: everything is checked before the first write. */
export class Appends {
  readonly #log: Log;
  readonly #objects: Objects;
  readonly #marks: Marks;
  readonly #cursors: Cursors;
  readonly #leases: Leases;

  constructor(parts: { log: Log; objects: Objects; marks: Marks; cursors: Cursors; leases: Leases }) {
    this.#log = parts.log;
    this.#objects = parts.objects;
    this.#marks = parts.marks;
    this.#cursors = parts.cursors;
    this.#leases = parts.leases;
  }

  /** Runs inside the transaction of a group. */
  write(append: EncodedAppend): Appended {
    if (append.fence && !this.#leases.holds(append.fence)) return { outcome: 'fenced' };
    const ids = this.#moved(append);
    if (ids.length > 0) return { outcome: 'conflict', ids };

    const { entries, refreshed = [], cursor } = append;
    const positions = this.#log.append(entries, randomBytes(6).toString('hex'));
    const marks = new Map<string, Position>();
    for (const [index, { entry, value }] of entries.entries()) {
      const position = positions[index]!;
      this.#objects.apply(entry, value, position);
      for (const mark of entry.marks) marks.set(mark, position);
    }
    for (const object of refreshed) this.#objects.refresh(object);
    for (const [name, position] of marks) this.#marks.set(name, position);
    if (cursor) this.#cursors.set(cursor.instance, cursor.cursor);
    return { outcome: 'appended', positions, head: positions.at(-1) ?? this.#log.head() };
  }

  /** Ids of `expect` whose object does not stand where it should. */
  #moved({ expect, entries, refreshed = [] }: EncodedAppend): readonly string[] {
    if (!expect) return [];
    const named = new Map<string, string>();
    for (const { id, object } of refreshed) named.set(id, object);
    for (const { entry } of entries) named.set(entry.id, entry.object);
    const conflicts: string[] = [];
    for (const [id, expected] of expect) {
      const found = this.#objects.positionOf(id, named.get(id));
      if (!samePosition(found, expected)) conflicts.push(id);
    }
    return conflicts;
  }
}
