import { LRUCache } from 'lru-cache';
import type { Entry } from '../log/recent.js';
import type { Stream, Told } from './stream.js';
import type { Turns } from './turns.js';

/** Of memory for what was told lately: those who catch up with it are told the same again. */
const bytes = 32 * 1024 * 1024;
/** What an entry that is no text is taken for. */
const perObject = 2048;

/** Made, or being made. */
interface Text {
  what?: unknown;
  readonly made: Promise<unknown>;
}

const texts = new LRUCache<string, Text>({ maxSize: bytes, sizeCalculation: () => perObject });
let groups = 0;

/** What a stream tells of entries: made once, for all who are told it now or a little later. */
export class Texts<T> {
  readonly #stream: Stream<T>;
  readonly #group = (groups += 1);

  constructor(stream: Stream<T>) {
    this.#stream = stream;
  }

  /** What is told of these entries, in their order. With turns, others have theirs between two that are made. */
  async of(wanted: readonly Entry[], turns?: Turns): Promise<readonly Told<T>[]> {
    const all: Text[] = [];
    for (const entry of wanted) {
      const key = this.#keyOf(entry);
      // Most have been made for somebody else: they take no promise each.
      all.push(texts.get(key) ?? (turns ? await turns.take(() => this.#make(key, entry)) : this.#make(key, entry)));
    }
    for (const text of all) if (!('what' in text)) await text.made;
    return all.map(({ what }, index) => ({ position: wanted[index]!.change.position, what: what as T }));
  }

  #keyOf({ change: { position } }: Entry): string {
    return `${this.#group} ${position.seq}.${position.tag}`;
  }

  #make(key: string, { event }: Entry): Text {
    // It may have been made while a turn was waited for.
    const known = texts.get(key);
    if (known) return known;
    const text: Text = { made: this.#stream.tell(event!) };
    texts.set(key, text);
    text.made.then(
      (what) => {
        text.what = what;
        if (typeof what === 'string') texts.set(key, text, { size: 200 + 2 * what.length });
      },
      () => texts.delete(key),
    );
    return text;
  }
}
