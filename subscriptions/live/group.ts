import { later, type Position } from '#schema/position.js';
import { indexAfter, type Entry } from '../log/recent.js';
import { lastOfEach, type Window } from './digest.js';
import type { Member } from './member.js';
import type { Stream } from './stream.js';
import { Texts, type TextCache } from './texts.js';
import type { Turns } from './turns.js';

/** Told at once; what comes while others are told goes out together. */
const together = 256;
/** What may wait until what came before it has been told: members of a slower stream read on from the log. */
const mostWaiting = 2048;

/** What groups share. */
export interface Telling {
  readonly texts: TextCache;
  /** Of those who are current: who catches up has turns of its own. */
  readonly turns: Turns;
  failed(error: unknown): void;
}

/** Everybody who is told the same. Streams do not wait for each other: one that takes long to make slows no other. */
export class Group<T> {
  readonly stream: Stream<T>;
  readonly texts: Texts<T>;
  readonly members = new Set<Member<T>>();
  /** Those who have been told everything so far. */
  readonly current = new Set<Member<T>>();
  readonly #turns: Turns;
  /** What each window has for this stream. */
  readonly #digests = new WeakMap<Window, readonly Entry[]>();
  #waiting: Entry[] = [];
  /** Everybody current has been told what stands before it; undefined when nothing waits. */
  #before: Position | undefined;
  /** Raised when what is being made is to be told to nobody. */
  #generation = 0;

  constructor(stream: Stream<T>, { texts, turns, failed }: Telling) {
    this.stream = stream;
    this.texts = new Texts(stream, texts, failed);
    this.#turns = turns;
  }

  /** Those of the entries that are told here. */
  wanted(entries: readonly Entry[]): readonly Entry[] {
    return entries.filter(({ event }) => event && this.stream.wants(event));
  }

  /** Of what is wanted of a window behind a place: the last of each object. */
  digestOf(window: Window, { seq }: Position): readonly Entry[] {
    let known = this.#digests.get(window);
    if (!known) this.#digests.set(window, (known = lastOfEach(this.wanted(window.entries))));
    return known.slice(indexAfter(known, seq));
  }

  /** Where everybody current has been told everything, if `published` has been handed to all groups. */
  settled(published: Position): Position {
    return this.#before ?? published;
  }

  /** Tells those who are current what came behind `before`, when what came before that has been told. */
  publish(entries: readonly Entry[], before: Position): void {
    if (this.current.size === 0) return;
    const wanted = this.wanted(entries);
    if (wanted.length === 0) return;
    const telling = this.#before !== undefined;
    this.#before ??= before;
    this.#waiting.push(...wanted);
    if (this.#waiting.length > mostWaiting) this.#fallBehind();
    else if (!telling) void this.#tell();
  }

  /** What waits is of a log that was rewritten. */
  forget(): void {
    this.#generation += 1;
    this.#waiting = [];
    this.#before = undefined;
  }

  async #tell(): Promise<void> {
    const generation = this.#generation;
    while (this.#waiting.length > 0) {
      const entries = this.#waiting.splice(0, together);
      const { told, ends } = await this.texts.of(entries, this.#turns);
      await this.#turns.take(() => {
        if (generation !== this.#generation) return;
        const last = told.at(-1)?.position ?? this.#before!;
        for (const member of this.current) member.offer(told, this.#before!, last);
        if (ends) for (const member of this.current) member.end();
        this.#before = later(last, this.#before!);
      });
      if (generation !== this.#generation) return;
    }
    this.#before = undefined;
  }

  /** Everybody reads on by itself. */
  #fallBehind(): void {
    const before = this.#before!;
    this.forget();
    for (const member of this.current) member.fellBehind(before);
  }
}
