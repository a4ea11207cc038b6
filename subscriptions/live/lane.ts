import type { Position } from '#schema/position.js';
import type { Entry } from '../log/recent.js';
import type { Turns } from '#platform/turns.js';
import { GroupIndex } from './group-index.js';
import { Group, type Telling } from './group.js';
import type { Stream } from './stream.js';

/** Changes that wait to be matched; when there are more, all streams of the tenant read on from the log. */
const mostWaiting = 2048;

/** What happened behind a place; without entries all of it is passed over. */
interface Handed {
  readonly from: Position;
  readonly entries?: readonly Entry[];
}

/** The streams of one tenant, and what they are still to be asked about: nobody else waits for their filters. */
export class Lane {
  readonly groups = new Set<Group<unknown>>();
  readonly #index = new GroupIndex();
  readonly #telling: Telling;
  readonly #turns: Turns;
  readonly #published: () => Position;
  #waiting: Handed[] = [];
  /** Entries of all that waits. */
  #count = 0;
  #running = false;

  /** `published`: up to where lanes are handed what happened. */
  constructor(tenant: string | undefined, telling: Omit<Telling, 'passed'>, published: () => Position) {
    this.#telling = { ...telling, passed: () => this.#waiting[0]?.from ?? published() };
    this.#turns = telling.turns.of(tenant ?? '');
    this.#published = published;
  }

  /** Whether it has streams that may want whatever happens. */
  get wantsAnything(): boolean {
    return this.#index.anything.size > 0;
  }

  add<T>(stream: Stream<T>): Group<T> {
    const group = new Group(stream, this.#telling, this.#published());
    this.groups.add(group as Group<unknown>);
    this.#index.add(group as Group<unknown>);
    return group;
  }

  remove(group: Group<unknown>): void {
    this.groups.delete(group);
    this.#index.remove(group);
  }

  /** Asks its streams about what happened behind a place, in turns of the tenant. */
  hand(entries: readonly Entry[], from: Position): void {
    this.#waiting.push({ from, entries });
    this.#count += entries.length;
    if (this.#count > mostWaiting) this.passOver(from);
    else this.#go();
  }

  /** What happened behind a place is read from the log. */
  passOver(from: Position): void {
    this.#waiting = [{ from: this.#waiting[0]?.from ?? from }];
    this.#count = 0;
    this.#go();
  }

  /** What waits was of the former log. */
  rewritten(): void {
    this.#waiting = [];
    this.#count = 0;
    for (const group of this.groups) group.rewritten(this.#published());
  }

  #go(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    // All that is handed at once is asked about together.
    await undefined;
    try {
      await this.#turns.each(this.#steps(), (step) => step());
    } catch (error) {
      // What waits is gone through again with what comes next.
      this.#running = false;
      this.#telling.failed(error);
    }
  }

  *#steps(): Iterable<() => void> {
    for (let all = [...this.#waiting]; all.length > 0; all = [...this.#waiting]) {
      const stands = () => this.#waiting[0] === all[0];
      for (const step of this.#stepsOf(all)) {
        yield () => void (stands() && step());
        if (!stands()) break;
      }
      if (!stands()) continue;
      this.#waiting.splice(0, all.length);
      for (const { entries } of all) this.#count -= entries?.length ?? 0;
    }
    this.#running = false;
  }

  /** One group after the other, with all that it is asked: what it tells of that goes out together. */
  *#stepsOf(all: readonly Handed[]): Iterable<() => void> {
    if (!all[0]!.entries) for (const group of this.groups) yield () => group.passOver(this.#published());
    const pieces = all.flatMap(({ entries }) => (entries ? [entries] : []));
    for (const group of this.#index.anything) for (const some of pieces) yield () => group.publish(some);
    for (const some of pieces) for (const group of this.#index.keyedFor(some)) yield () => group.publish(some);
  }
}
