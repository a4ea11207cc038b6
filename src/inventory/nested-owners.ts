import type { Row } from './row.js';

const free = 0;
const deleted = 0xffffffff;
const smallest = 1024;

/**
 * Finds the row in which an object is nested. A hash table of numbers, because a Map of 600,000 ids costs 0.8 s of every start
 * and 40 MB; a hit names a row that may hold the id, and the caller looks.
 */
export class NestedOwners {
  /** Hash of a nested id, and the number of its row plus one, at the same place: open addressing, linear probing. */
  #hashes = new Uint32Array(smallest);
  #numbers = new Uint32Array(smallest);
  /** Places that are not free, deleted ones included. */
  #used = 0;
  #live = 0;

  /** The id is the text, or the part of it between two places. */
  add(number: number, text: string, from = 0, to = text.length): void {
    if (this.#used * 2 >= this.#hashes.length) this.#resize();
    this.#insert(hashOf(text, from, to), number + 1);
    this.#live += 1;
  }

  delete(id: string, number: number): void {
    const hash = hashOf(id);
    const mask = this.#hashes.length - 1;
    for (let at = hash & mask; this.#numbers[at] !== free; at = (at + 1) & mask) {
      if (this.#hashes[at] !== hash || this.#numbers[at] !== number + 1) continue;
      this.#numbers[at] = deleted;
      this.#live -= 1;
      return;
    }
  }

  /** The first of `rows` (by number) that may hold the id and of which `holds` says that it does. */
  find<T>(id: string, rows: readonly (Row | undefined)[], holds: (row: Row) => T | undefined): T | undefined {
    const hash = hashOf(id);
    const mask = this.#hashes.length - 1;
    for (let at = hash & mask; this.#numbers[at] !== free; at = (at + 1) & mask) {
      if (this.#hashes[at] !== hash || this.#numbers[at] === deleted) continue;
      const row = rows[this.#numbers[at]! - 1];
      const found = row && holds(row);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #insert(hash: number, number: number): void {
    const mask = this.#hashes.length - 1;
    let at = hash & mask;
    while (this.#numbers[at] !== free) at = (at + 1) & mask;
    this.#hashes[at] = hash;
    this.#numbers[at] = number;
    this.#used += 1;
  }

  /** Grows when more than a quarter lives; otherwise only sweeps what was deleted. */
  #resize(): void {
    const [hashes, numbers] = [this.#hashes, this.#numbers];
    const size = this.#live * 4 > hashes.length ? hashes.length * 2 : hashes.length;
    this.#hashes = new Uint32Array(size);
    this.#numbers = new Uint32Array(size);
    this.#used = 0;
    for (let at = 0; at < numbers.length; at += 1) {
      if (numbers[at] !== free && numbers[at] !== deleted) this.#insert(hashes[at]!, numbers[at]!);
    }
  }
}

/** FNV-1a over UTF-16 units, 32 bits. */
function hashOf(text: string, from = 0, to = text.length): number {
  let hash = 0x811c9dc5;
  for (let index = from; index < to; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
