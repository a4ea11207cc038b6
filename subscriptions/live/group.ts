import { later, type Position } from '#schema/position.js';
import type { Entry } from '../log/recent.js';
import type { Window } from './digest.js';
import { Found, type Holds } from './fold.js';
import type { Member } from './member.js';
import type { Stream } from './stream.js';
import { Texts, type TextCache } from './texts.js';
import type { Turns } from '#platform/turns.js';

/** Told at once; what comes while others are told goes out together. */
const together = 256;
/** What may wait until what came before it has been told: members of a slower stream read on from the log. */
const mostWaiting = 2048;

/** What groups share. */
export interface Telling {
  readonly texts: TextCache;
  /** Of those who are current: who catches up has turns of its own. */
  readonly turns: Turns;
  readonly behind: Turns;
  /** Up to where every group of the tenant has been handed what it may want. */
  passed(): Position;
  failed(error: unknown): void;
}

/** What a window has for a stream, as long as there are members within. */
interface Digested<T> {
  readonly finding: Promise<Found>;
  /** The same when it is found. */
  found?: Found;
  readonly within: Set<Member<T>>;
}

/** Everybody who is told the same. Streams do not wait for each other: one that takes long to make slows no other. */
export class Group<T> {
  readonly stream: Stream<T>;
  readonly texts: Texts<T>;
  readonly members = new Set<Member<T>>();
  /** Those who have been told everything so far. */
  readonly current = new Set<Member<T>>();
  readonly #turns: Turns;
  /** Those of members who catch up. */
  readonly behind: Turns;
  readonly #failed: (error: unknown) => void;
  readonly #digests = new WeakMap<Window, Digested<T>>();
  /** In which window a member is. It may rest there for long: windows are let go all the same. */
  readonly #within = new WeakMap<Member<T>, WeakRef<Window>>();
  /** Up to where it has been handed what happened, or where groups that do not want it are (`Telling.passed`). */
  #published: Position;
  readonly #passed: () => Position;
  #waiting: Entry[] = [];
  /** Everybody current has been told what stands before it; undefined when nothing waits. */
  #before: Position | undefined;
  /** Raised when what is being made is to be told to nobody. */
  #generation = 0;

  constructor(stream: Stream<T>, { texts, turns, behind, passed, failed }: Telling, published: Position) {
    this.stream = stream;
    this.texts = new Texts(stream, texts, failed);
    this.#turns = turns.of(stream.tenant ?? '');
    this.behind = behind.of(stream.tenant ?? '');
    this.#failed = failed;
    this.#passed = passed;
    this.#published = published;
  }

  get published(): Position {
    return later(this.#published, this.#passed());
  }

  /** Those of the entries that are told here, to who catches up. It is not asked on when nobody waits for them any more. */
  async wanted(entries: readonly Entry[], turns: Turns, awaited: () => boolean): Promise<readonly Entry[]> {
    const wanted: Entry[] = [];
    const rest = entries.values();
    await turns.until(() => {
      const entry = awaited() ? rest.next().value : undefined;
      if (entry && this.#wants(entry)) wanted.push(entry);
      return !entry;
    });
    return wanted;
  }

  /** What is wanted of a window: found once for all members within. */
  digestOf(window: Window, member: Member<T>, turns: Turns): Promise<Found> {
    if (this.#within.get(member)?.deref() !== window) this.passed(member);
    let known = this.#digests.get(window);
    if (!known) {
      const left = window.left.get(this);
      const within = new Set<Member<T>>();
      // It comes back with another size, which is asked for what is new there alone.
      window.left.delete(this);
      const awaited = () => within.size > 0;
      const find = async () => new Found(await this.wanted(window.entries, turns, awaited), this.#holds);
      const finding = left ? Promise.resolve(left) : find();
      const digest: Digested<T> = { finding, within };
      known = digest;
      this.#digests.set(window, known);
      finding.then(
        (found) => (digest.found = found),
        // Who comes next asks again.
        () => this.#digests.delete(window),
      );
    }
    known.within.add(member);
    this.#within.set(member, new WeakRef(window));
    return known.finding;
  }

  /** A member is in no window any more. */
  passed(member: Member<T>): void {
    const window = this.#within.get(member)?.deref();
    this.#within.delete(member);
    const digest = window && this.#digests.get(window);
    if (!digest?.within.delete(member) || digest.within.size > 0) return;
    this.#digests.delete(window!);
    if (digest.found) window!.left.set(this, digest.found);
  }

  /** Where everybody current has been told everything. */
  settled(): Position {
    return this.#before ?? this.published;
  }

  /** Tells those who are current what happened, when what came before that has been told. */
  publish(entries: readonly Entry[]): void {
    const before = this.published;
    const { position } = entries.at(-1)!.change;
    // It began behind that.
    if (position.seq <= before.seq) return;
    this.#published = position;
    if (this.current.size === 0) return;
    const wanted = this.#wantedNow(entries);
    if (wanted.length === 0) return;
    const telling = this.#before !== undefined;
    this.#before ??= before;
    this.#waiting.push(...wanted);
    if (this.#waiting.length > mostWaiting) this.#fallBehind(before);
    else if (!telling) void this.#tell().catch((error: unknown) => this.#end(error));
  }

  #wantedNow(entries: readonly Entry[]): readonly Entry[] {
    try {
      return entries.filter((entry) => this.#wants(entry));
    } catch {
      // All have ended.
      return [];
    }
  }

  /** It is not handed what happened up to a place. */
  passOver(upTo: Position): void {
    const before = this.published;
    this.#published = later(upTo, before);
    if (this.current.size > 0) this.#fallBehind(before);
  }

  /** The log was rewritten: what waits was of the former one. */
  rewritten(published: Position): void {
    this.#forget();
    this.#published = published;
  }

  #forget(): void {
    this.#generation += 1;
    this.#waiting = [];
    this.#before = undefined;
  }

  #wants({ event }: Entry): boolean {
    try {
      return event !== undefined && this.stream.wants(event);
    } catch (error) {
      this.#end(error);
      throw error;
    }
  }

  readonly #holds: Holds = (change, after) =>
    this.#wants({ change, event: { change: { ...change, change: 'created' }, after } });

  /** It cannot be found out what is to be told here: other streams go on. */
  #end(error: unknown): void {
    // Nobody is left of those who were ended for it before.
    if (this.members.size === 0) return;
    this.#failed(error);
    this.#forget();
    for (const member of [...this.members]) member.end();
  }

  async #tell(): Promise<void> {
    const generation = this.#generation;
    const over = () => generation !== this.#generation;
    while (this.#waiting.length > 0) {
      // Whoever rests reads it from the log.
      if (this.current.size === 0) return this.#forget();
      // In its turn, when all that came together has been matched.
      const entries = await this.#turns.take(() => this.#waiting.slice(0, together));
      if (over()) return;
      const { told, ends } = await this.texts.of(entries, this.#turns);
      if (over()) return;
      this.#waiting.splice(0, told.length);
      const before = this.#before!;
      const last = told.at(-1)?.position ?? before;
      // Who comes to be current meanwhile is further on.
      await this.#turns.each([...this.current], (member) => {
        if (over() || !this.current.has(member)) return;
        member.offer(told, before, last);
        if (ends && this.current.has(member)) member.end(ends);
      });
      if (over()) return;
      this.#before = later(last, before);
    }
    this.#before = undefined;
  }

  /** Everybody reads on by itself, from where all that was published has been told. */
  #fallBehind(published: Position): void {
    const before = this.#before ?? published;
    this.#forget();
    for (const member of this.current) member.fellBehind(before);
  }
}
