import { later, type Position } from '#schema/position.js';
import { indexAfter, type Entry } from '../log/recent.js';
import { lastOfEach, type Window } from './digest.js';
import type { Member } from './member.js';
import type { Stream, Told } from './stream.js';
import { Texts } from './texts.js';

/** Told at once; what comes while others are told goes out together. */
const together = 256;
/** What may wait until what came before it has been told: members of a slower stream read on from the log. */
const mostWaiting = 2048;

/** Everybody who is told the same. Streams do not wait for each other: one that takes long to make slows no other. */
export class Group<T> {
  readonly stream: Stream<T>;
  readonly texts: Texts<T>;
  readonly members = new Set<Member<T>>();
  /** Those who have been told everything so far. */
  readonly current = new Set<Member<T>>();
  readonly #failed: (error: unknown) => void;
  /** What each window has for this stream. */
  readonly #digests = new WeakMap<Window, readonly Entry[]>();
  #waiting: Entry[] = [];
  /** Everybody current has been told what stands before it; undefined when nothing waits. */
  #before: Position | undefined;
  /** Raised when what is being made is to be told to nobody. */
  #generation = 0;

  constructor(stream: Stream<T>, failed: (error: unknown) => void) {
    this.stream = stream;
    this.texts = new Texts(stream);
    this.#failed = failed;
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
      const told = await this.#textsOf(entries);
      if (generation !== this.#generation) return;
      if (!told) return this.#fallBehind();
      const last = entries.at(-1)!.change.position;
      for (const member of this.current) member.offer(told, this.#before!, last);
      this.#before = later(last, this.#before!);
    }
    this.#before = undefined;
  }

  async #textsOf(entries: readonly Entry[]): Promise<readonly Told<T>[] | undefined> {
    try {
      return await this.texts.of(entries);
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  /** Everybody reads on by itself. */
  #fallBehind(): void {
    const before = this.#before!;
    this.forget();
    for (const member of this.current) member.fellBehind(before);
  }
}
