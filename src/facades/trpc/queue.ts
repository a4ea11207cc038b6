import type { Position } from '#schema/position.js';
import type { Fault } from '#schema/errors.js';
import type { Sink, Told } from '#subscriptions/live/stream.js';

/** What may wait for a reader; who is slower reads on from the log. */
const most = 256;

/** A stream as tRPC reads it: one event after the other, each when the last has been sent. */
export class Queue<T> implements Sink<T>, AsyncIterable<Told<T | null>> {
  #waiting: Told<T | null>[] = [];
  #fault: Fault | undefined;
  #over = false;
  #wake = Promise.withResolvers<void>();
  #room: (() => void) | undefined;

  take(told: readonly Told<T>[]): number {
    const taken = told.slice(0, most - this.#waiting.length);
    this.#waiting.push(...taken);
    this.#wake.resolve();
    return taken.length;
  }

  /** How far the stream has come though nothing of it changed: `null` in place of an event. */
  place(position: Position | undefined): void {
    if (!position || this.#waiting.length > 0) return;
    this.#waiting.push({ position, what: null });
    this.#wake.resolve();
  }

  whenRoom(then: () => void): void {
    this.#room = then;
  }

  end(fault: Fault): void {
    this.#fault = fault;
    this.close();
  }

  /** Nobody reads on. */
  close(): void {
    this.#over = true;
    this.#wake.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Told<T | null>, void, void> {
    for (;;) {
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
      const told = this.#waiting;
      this.#waiting = [];
      for (const each of told) yield each;
      if (this.#over) break;
      const then = this.#room;
      this.#room = undefined;
      then?.();
      if (this.#waiting.length > 0) this.#wake.resolve();
    }
    if (this.#fault) throw this.#fault;
  }
}
