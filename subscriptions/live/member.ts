import { Fault } from '#schema/errors.js';
import { later, type Position } from '#schema/position.js';
import type { LogReader, Lost } from '../log/reader.js';
import { indexAfter, type Entry } from '../log/recent.js';
import type { Digest, Window } from './digest.js';
import type { Listed } from './fold.js';
import type { Group } from './group.js';
import type { Gap, Sink, Told } from './stream.js';
import { notTold, sized } from './texts.js';
import type { Turns } from '#platform/turns.js';

/** What members share. */
export interface Surroundings {
  readonly reader: LogReader;
  readonly digest: Digest;
  /** Who knows a place that the tail has not come to yet. */
  readonly ahead: Set<Member<unknown>>;
  /** Up to where groups are handed what happened. */
  published(): Position;
  head(): Position;
  /** Resolves when what is read elsewhere stands there too. */
  reached(position: Position): Promise<unknown>;
  failed(message: string, error: unknown): void;
}

/** A piece of the log as a stream wants it. */
interface Piece {
  readonly list: Listed;
  /** By its indices: where each of it stands. */
  readonly places: readonly Entry[];
  readonly last: Position;
}

/** A piece of the log, from one place to another. */
interface Stretch {
  readonly from: Position;
  readonly to: Position;
}

/** Where the log does not go on from. */
type LostPlace = Gap & { readonly reason: 'TRIMMED' | 'REWRITTEN' };

const retryAfter = 1000;
/** Told in one turn. Eight times fewer made 1,000 who came back wait 40 % longer, and reads no faster. */
const together = 1024;

/** One client of a stream: where it is in the log, and how it comes to the end of it. */
export class Member<T> {
  readonly #group: Group<T>;
  readonly #sink: Sink<T>;
  readonly #around: Surroundings;
  readonly #turns: Turns;
  #position: Position;
  /** Of which it has been told a part as one for each object: the rest is of the same changes, though it stands further on. */
  #stretch: Stretch | undefined;
  /** To be told before anything else. */
  #gap: LostPlace | undefined;
  #left = false;
  #running = false;
  #again = false;

  constructor(group: Group<T>, sink: Sink<T>, around: Surroundings, position: Position) {
    this.#group = group;
    this.#sink = sink;
    this.#around = around;
    this.#turns = group.behind;
    this.#position = position;
  }

  /** Where it would go on if it came again; undefined while a gap is still to be told. */
  position(): Position | undefined {
    if (this.#gap) return undefined;
    const { current } = this.#group;
    if (!current.has(this)) return this.#position;
    return later(this.#group.settled(), this.#position);
  }

  /** Tells what is missed, then belongs to those who are current. */
  join(): void {
    this.#group.members.add(this);
    this.#catchUp();
  }

  leave(): void {
    this.#left = true;
    this.#group.members.delete(this);
    this.#group.current.delete(this);
    this.#group.passed(this);
    this.#around.ahead.delete(this);
  }

  /** Something cannot be told, nor can it be said so within the stream. */
  end(why: Fault = notTold): void {
    this.leave();
    this.#sink.end(why);
  }

  /** Tells what came behind `before`, to one who is current. */
  offer(told: readonly Told<T>[], before: Position, last: Position): void {
    const { seq } = this.#position;
    // Nearly everybody is where all are; who has just come up may be further on.
    const fresh = seq <= before.seq ? told : told.filter(({ position }) => position.seq > seq);
    this.#position = later(before, this.#position);
    if (this.#take(fresh)) this.#position = later(last, this.#position);
    else this.#wait();
  }

  /** Is current no longer: what came behind `before` was not told. */
  fellBehind(before: Position): void {
    this.#position = later(before, this.#position);
    this.#catchUp();
  }

  /** The tail may have come to where it is. */
  goOn(): void {
    this.#around.ahead.delete(this);
    this.#catchUp();
  }

  /** The log goes on elsewhere than where it was read. */
  gap(gap: LostPlace): void {
    this.#gap = gap;
    this.#stretch = undefined;
    this.#position = gap.position;
    this.#catchUp();
  }

  /** What there is room for; false when some is left. */
  #take(told: readonly Told<T>[]): boolean {
    const taken = told.length === 0 ? 0 : this.#sink.take(told);
    if (taken > 0) this.#position = later(told[taken - 1]!.position, this.#position);
    return taken === told.length;
  }

  #wait(): void {
    this.#group.current.delete(this);
    this.#sink.whenRoom(() => this.#catchUp());
  }

  #catchUp(): void {
    this.#group.current.delete(this);
    this.#again = true;
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#left) {
      this.#again = false;
      try {
        while (!(await this.#step()));
      } catch (error) {
        if (this.#left) break;
        this.#around.failed('A live stream could not be read on; it is tried again.', error);
        setTimeout(() => this.#catchUp(), retryAfter).unref();
      }
    }
    this.#running = false;
    // It may have been in a window when it left.
    if (this.#left) this.#group.passed(this);
  }

  /** One piece of the log; true when there is nothing more to do at present. */
  async #step(): Promise<boolean> {
    if (this.#left) return true;
    if (this.#gap) return this.#tellGap(this.#gap);
    const from = this.#position;
    const read = await this.#around.reader.after(this.#begun()?.from ?? from);
    if (this.#moved(from)) return false;
    if (read.outcome === 'ahead') return this.#waitForTail(from);
    if (read.outcome !== 'read') {
      this.gap({ reason: reasonOf(read), position: this.#around.head() });
      return false;
    }
    const piece = await this.#pieceOf(read.entries, from);
    if (!piece) return this.#arrived();
    await this.#around.reached(piece.last);
    return this.#tell(piece, from);
  }

  /** A little in each turn: a digest may be thousands of objects. True when there is nothing more to do at present. */
  async #tell({ list, places, last }: Piece, from: Position): Promise<boolean> {
    for (let [at, place] = [indexAfter(places, from.seq), from]; ;) {
      const { told, ends } = await this.#group.texts.ofCrowd(list, at, together, this.#turns);
      const furthest = told.at(-1)?.position ?? place;
      at = indexAfter(places, furthest.seq);
      const all = ends !== false || told.length === 0 || at >= places.length;
      const upTo = all && !ends ? last : furthest;
      // Who was moved meanwhile begins again by itself.
      const over = await this.#turns.take(() => this.#moved(place) || this.#hand(told, upTo, ends));
      if (over || all) return over;
      place = upTo;
    }
  }

  /** A failover may still put something else where it is: whether its place stands is asked again when the tail is there. */
  #waitForTail({ seq }: Position): boolean {
    if (this.#around.published().seq >= seq) return false;
    this.#around.ahead.add(this);
    return true;
  }

  /** What is to be told from a place, and how far that leads; undefined at the end of the log. */
  async #pieceOf(entries: readonly Entry[], from: Position): Promise<Piece | undefined> {
    const { digest, head } = this.#around;
    const begun = this.#begun();
    if (begun || digest.isFar(from, head())) {
      const pass = async (window: Window | undefined): Promise<Piece | undefined> => {
        if (!window || this.#left) return undefined;
        const found = await this.#group.digestOf(window, this, this.#turns);
        const stretch = begun ?? { from, to: window.to };
        const behind = await found.behind(stretch.from, stretch.to, this.#turns);
        if (behind.list.from && !this.#moved(from)) this.#stretch = stretch;
        return { ...behind, last: stretch.to };
      };
      const piece = await digest.pass(begun?.from ?? from, pass, this.#group.stream.tenant, begun?.to);
      if (piece) return piece;
      // What is behind its place alone is less than it is owed.
      if (begun && !this.#left) throw new Error('What was told in part could not be read again.');
    }
    this.#group.passed(this);
    const last = entries.at(-1)?.change.position;
    if (!last) return undefined;
    const wanted = await this.#group.wanted(entries, this.#turns, () => !this.#left);
    return { list: wanted, places: wanted, last };
  }

  #begun(): Stretch | undefined {
    return this.#stretch && this.#position.seq < this.#stretch.to.seq ? this.#stretch : undefined;
  }

  /** True when it has come to the end, or cannot take all of it at present. */
  #hand(told: readonly Told<T>[], last: Position, ends: Fault | false): boolean {
    if (this.#take(told)) {
      if (ends) {
        this.end(ends);
        return true;
      }
      this.#position = last;
      return this.#arrived();
    }
    this.#wait();
    return true;
  }

  /** True when it is where everybody current is. */
  #arrived(): boolean {
    if (this.#position.seq < this.#group.published.seq) return false;
    this.#group.passed(this);
    this.#group.current.add(this);
    return true;
  }

  /** Whether it has been set elsewhere, or left, while something was awaited. */
  #moved(from: Position): boolean {
    return this.#left || this.#gap !== undefined || this.#position !== from;
  }

  async #tellGap(gap: LostPlace): Promise<boolean> {
    const { stream } = this.#group;
    if (!stream.tellGap) {
      this.leave();
      this.#sink.end(new Fault('GONE', goneMessage[gap.reason], { at: 'since' }));
      return true;
    }
    const made = sized(await stream.tellGap(gap));
    if (this.#left || this.#gap !== gap) return false;
    if (this.#sink.take([{ position: gap.position, ...made }]) === 0) {
      this.#wait();
      return true;
    }
    this.#gap = undefined;
    return false;
  }
}

function reasonOf({ outcome }: Lost): LostPlace['reason'] {
  return outcome === 'gone' ? 'TRIMMED' : 'REWRITTEN';
}

const resynchronise = 'read the lists again and subscribe from the position that they carry.';
const goneMessage: Readonly<Record<LostPlace['reason'], string>> = {
  TRIMMED: `Changes behind this position are kept no longer: ${resynchronise}`,
  REWRITTEN: `The log does not hold this position: ${resynchronise}`,
};
