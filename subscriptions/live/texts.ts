import { LRUCache } from 'lru-cache';
import type { Entry } from '../log/recent.js';
import type { Stream, Told } from './stream.js';

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

  /** What is told of these entries, in their order. Without a promise each where they have been made. */
  async of(wanted: readonly Entry[]): Promise<readonly Told<T>[]> {
    const known = wanted.map((entry) => this.#of(entry));
    for (const text of known) if (!('what' in text)) await text.made;
    return known.map(({ what }, index) => ({ position: wanted[index]!.change.position, what: what as T }));
  }

  #of({ change, event }: Entry): Text {
    const { seq, tag } = change.position;
    const key = `${this.#group} ${seq}.${tag}`;
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
