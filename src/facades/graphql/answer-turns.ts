import { Fault } from '#schema/errors.js';
import type { Outlet } from '../live/outlet.js';

/** Answers of one connection that are being made, or that it has not taken. */
const together = 8;

interface Waiting {
  /** What it keeps in memory. */
  readonly bytes: number;
  work(): Promise<void>;
}

/** Queries and mutations of one connection in turns: none is begun while its client does not take what was answered. */
export class AnswerTurns {
  readonly #outlet: Outlet;
  readonly #mostBytes: number;
  readonly #waiting: Waiting[] = [];
  #bytes = 0;
  #underWay = 0;
  #wantsRoom = false;
  #idle: (() => void) | undefined;

  constructor(outlet: Outlet, mostBytes: number) {
    this.#outlet = outlet;
    this.#mostBytes = mostBytes;
  }

  /** Begins it in its turn; it resolves when its answer was taken, and never rejects. Throws when too much waits. */
  add(bytes: number, work: () => Promise<void>): void {
    if (this.#bytes + bytes > this.#mostBytes)
      throw new Fault('RATE_LIMITED', 'Too much waits on this connection: take what was answered, then ask on.');
    this.#waiting.push({ bytes, work });
    this.#bytes += bytes;
    this.#next();
  }

  /** Calls back, once, when nothing is under way and nothing waits: at once, if so. */
  whenIdle(then: () => void): void {
    this.#idle = then;
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#underWay > 0 || this.#waiting.length > 0) return;
    this.#idle?.();
    this.#idle = undefined;
  }

  #next(): void {
    while (this.#underWay < together && this.#waiting.length > 0) {
      if (!this.#outlet.room) return this.#whenRoom();
      const { bytes, work } = this.#waiting.shift()!;
      this.#bytes -= bytes;
      this.#underWay += 1;
      void work().finally(() => {
        this.#underWay -= 1;
        this.#next();
        this.#tellIdle();
      });
    }
  }

  #whenRoom(): void {
    if (this.#wantsRoom) return;
    this.#wantsRoom = true;
    this.#outlet.whenRoom(() => {
      this.#wantsRoom = false;
      this.#next();
    });
  }
}
