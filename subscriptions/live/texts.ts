import { setTimeout as timeout } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { Fault } from '#schema/errors.js';
import { formatPosition } from '#schema/position.js';
import type { ToldEvent } from '../log/told-event.js';
import type { Entry } from '../log/recent.js';
import type { Listed } from './fold.js';
import type { Stream, Told } from './stream.js';
import type { Turns } from '#platform/turns.js';

/** Of memory for what was told lately: those who catch up with it are told the same again. */
const bytes = 32 * 1024 * 1024;
/** What an entry is taken for beside what was made, and what each place in a list is. */
const perEntry = 500;
const perPlace = 64;
/** Of what is told at once: a client takes as much before it has to rest (`limits.live.backlog`), and what is behind it waits unmade. */
const atOnce = 1024 * 1024;
/** Of texts that have been made: 500 who come back from as many places take 1,000 each. */
const lookedAtOnce = 256;
/** After which what could not be made is tried once more, milliseconds. */
const retryAfter = 1000;

/** A fault: it cannot be told, nor can a gap in its place. */
type Made = { readonly what: unknown; readonly bytes: number } | Fault;

export const notTold = new Fault('INTERNAL', 'What happened could not be told.');

/** Made, or being made. */
interface Text {
  made?: Made;
  readonly making: Promise<Made>;
}

/** What is told of a piece of `all`, which is not kept for it. */
interface Crowd {
  readonly all: WeakRef<Listed>;
  readonly telling: Promise<Telling<unknown>>;
}

/** What all streams of a hub told lately. */
export class TextCache {
  readonly crowds = new LRUCache<string, Crowd>({ maxSize: bytes, sizeCalculation: () => perEntry });
  readonly texts = new LRUCache<string, Text>({ maxSize: bytes, sizeCalculation: () => perEntry });
  #streams = 0;

  /** A name under which one stream keeps its own. */
  name(): number {
    return (this.#streams += 1);
  }

  /** No stream is left that any of it is of. */
  forget(): void {
    this.crowds.clear();
    this.texts.clear();
  }
}

/** What is told of entries. */
export interface Telling<T> {
  /** In the order of the entries, one for each, up to so many bytes; at least one unless it ends. */
  readonly told: readonly Told<T>[];
  /** Why the stream ends behind these: the next one cannot be told. */
  readonly ends: Fault | false;
  readonly bytes: number;
}

/** What a stream tells of entries: made once, for all who are told it now or a little later. */
export class Texts<T> {
  readonly #stream: Stream<T>;
  readonly #cache: TextCache;
  readonly #name: string;
  readonly #words: string;
  readonly #failed: (error: unknown) => void;
  /** What has been asked for, and its turn has not come; by whose turn is waited for. */
  readonly #asked = new WeakMap<Turns, Map<string, Promise<Text>>>();
  /** What is being made is taken for as long as what was made lately. */
  #lately = atOnce / 8;

  constructor(stream: Stream<T>, cache: TextCache, failed: (error: unknown) => void) {
    this.#stream = stream;
    this.#cache = cache;
    this.#name = `${cache.name()}`;
    this.#words = stream.words ?? this.#name;
    this.#failed = failed;
  }

  /**
   * What is told of so many of them from a place on, made once for a crowd that comes with the same list. Each for itself took
   * 1,000 who came back 3.5 s of 6, most of it to wait for one another at every text.
   */
  ofCrowd(all: Listed, at: number, count: number, turns: Turns): Promise<Telling<T>> {
    const { crowds } = this.#cache;
    const key = `${this.#name} ${at} ${all.from?.seq ?? ''}`;
    const known = crowds.get(key);
    if (known?.all.deref() === all) return known.telling as Promise<Telling<T>>;
    const crowd: Crowd = { all: new WeakRef(all), telling: this.#ofSlice(all, at, count, turns) };
    crowds.set(key, crowd);
    void crowd.telling.then(({ bytes }) => {
      // Another object: the cache looks at no size when it is given the one that it has.
      if (crowds.peek(key) === crowd) crowds.set(key, { ...crowd }, { size: perEntry + bytes });
    });
    return crowd.telling as Promise<Telling<T>>;
  }

  async #ofSlice(all: Listed, at: number, count: number, turns: Turns): Promise<Telling<T>> {
    return this.of(await all.slice(at, at + count, turns), turns);
  }

  /** What is told of these entries; others have their turn between two that are made. Never rejects. */
  async of(wanted: readonly Entry[], turns: Turns): Promise<Telling<T>> {
    const beingMade: Text[] = [];
    const told: Told<T>[] = [];
    let bytes = 0;
    while (told.length < wanted.length && bytes < atOnce) {
      const [oldest] = beingMade;
      const at = told.length + beingMade.length;
      const next = wanted[at];
      const more = next && bytes + beingMade.length * this.#lately < atOnce;
      if (!oldest || (more && !oldest.made)) {
        if (at > 0 && at % lookedAtOnce === 0) await turns.take(() => undefined);
        const key = this.#keyOf(next!);
        // Most have been made for somebody else: they take no promise each.
        beingMade.push(this.#cache.texts.get(key) ?? (await this.#inTurn(key, next!, turns)));
        continue;
      }
      const made = oldest.made ?? (await oldest.making);
      if (made instanceof Fault) return { told, ends: made, bytes };
      beingMade.shift();
      told.push({ position: wanted[told.length]!.change.position, what: made.what as T, bytes: made.bytes });
      bytes += perPlace + made.bytes;
    }
    return { told, ends: false, bytes };
  }

  /** What is told as one depends on what is wanted: where other streams want the same of an object, it is the same text. */
  #keyOf({ change: { position }, folded = '' }: Entry): string {
    return `${this.#words} ${formatPosition(position)} ${folded}`;
  }

  /** All who wait for it in the same turns wait for one: 70 who came back together took as many turns for each text. */
  #inTurn(key: string, entry: Entry, turns: Turns): Promise<Text> {
    const asked = this.#asked.get(turns) ?? new Map<string, Promise<Text>>();
    this.#asked.set(turns, asked);
    let text = asked.get(key);
    if (!text) {
      const begun = turns.take(
        () => this.#make(key, entry),
        ({ making }) => making,
      );
      asked.set(key, (text = begun.finally(() => asked.delete(key))));
    }
    return text;
  }

  #make(key: string, entry: Entry): Text {
    const { texts } = this.#cache;
    // It may have been made while a turn was waited for.
    const known = texts.get(key);
    if (known) return known;
    const text: Text = { making: this.#told(entry.event!) };
    texts.set(key, text);
    void text.making.then((made) => {
      text.made = made;
      if (made instanceof Fault) return;
      this.#lately = Math.max(made.bytes, this.#lately / 2);
      // Another object, as above.
      if (texts.peek(key) === text) texts.set(key, { ...text }, { size: perEntry + made.bytes });
    });
    return text;
  }

  /** Of what fails twice a gap is told: it would fail for ever, and nothing behind it would be told to anybody. */
  async #told(event: ToldEvent): Promise<Made> {
    const { position } = event.change;
    let why = notTold;
    try {
      return await this.#attempt(event).catch((error: unknown) => {
        if (isTooLong(error)) throw error;
        return timeout(retryAfter, undefined, { ref: false }).then(() => this.#attempt(event));
      });
    } catch (error) {
      if (isTooLong(error)) why = error;
      else this.#failed(error);
    }
    try {
      return this.#stream.tellGap ? sized(await this.#stream.tellGap({ reason: 'FAILED', position })) : why;
    } catch {
      return why;
    }
  }

  async #attempt(event: ToldEvent): Promise<Made> {
    return sized(await this.#stream.tell(event));
  }
}

/** It would be as long again, and is nobody's fault but of who asked. */
function isTooLong(error: unknown): error is Fault {
  return error instanceof Fault && error.code === 'TOO_LARGE';
}

/** In memory; what is no text is taken for its JSON. */
export function sized<T>(what: T): { readonly what: T; readonly bytes: number } {
  const text = typeof what === 'string' ? what : (JSON.stringify(what) ?? '');
  return { what, bytes: 2 * text.length };
}
