import { LRUCache } from 'lru-cache';
import type { Entry } from '../log/recent.js';
import type { Stream, Told } from './stream.js';

/** Of memory for what was told lately: those who catch up with it are told the same again. */
const bytes = 32 * 1024 * 1024;
/** What an entry that is no text is taken for. */
const perObject = 2048;

const texts = new LRUCache<string, Promise<unknown>>({ maxSize: bytes, sizeCalculation: () => perObject });
let groups = 0;

/** What a stream tells of entries: made once, for all who are told it now or a little later. */
export class Texts<T> {
  readonly #stream: Stream<T>;
  readonly #group = (groups += 1);

  constructor(stream: Stream<T>) {
    this.#stream = stream;
  }

  /** What is told of these entries, in their order. */
  of(wanted: readonly Entry[]): Promise<readonly Told<T>[]> {
    return Promise.all(
      wanted.map(async (entry) => ({ position: entry.change.position, what: await this.#one(entry) })),
    );
  }

  #one({ change, event }: Entry): Promise<T> {
    const { seq, tag } = change.position;
    const key = `${this.#group} ${seq}.${tag}`;
    const known = texts.get(key) as Promise<T> | undefined;
    if (known) return known;
    const made = this.#stream.tell(event!);
    texts.set(key, made);
    made.then(
      (what) => typeof what === 'string' && texts.set(key, made, { size: 200 + 2 * what.length }),
      () => texts.delete(key),
    );
    return made;
  }
}
