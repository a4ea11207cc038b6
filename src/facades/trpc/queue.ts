import type { Position } from '#schema/position.js';
import type { Fault } from '#schema/errors.js';
import type { Sink, Told } from '#subscriptions/live/stream.js';
import type { Turns } from '../../platform/turns.js';
import type { Outlet } from '../live/outlet.js';

/** What may wait for a reader, if it is small; who is slower reads on from the log. */
const most = 256;
/** Sent in one turn. */
const together = 16;

/** A stream as tRPC reads it: one event after the other, each when the last has been sent. */
export class Queue<T> implements Sink<T>, AsyncIterable<Told<T | null>> {
  readonly #outlet: Outlet;
  readonly #turns: Turns;
  readonly #waiting: Told<T | null>[] = [];
  /** Of what waits, and of what is being sent. */
  #bytes = 0;
  #fault: Fault | undefined;
  #over = false;
  #wake = Promise.withResolvers<void>();
  #room: (() => void) | undefined;

  constructor(outlet: Outlet, turns: Turns) {
    this.#outlet = outlet;
    this.#turns = turns;
  }

  take(told: readonly Told<T>[]): number {
    let count = 0;
    for (; count < told.length && this.#hasRoom; count += 1) this.#add(told[count]!);
    return count;
  }

  /** How far the stream has come though nothing of it changed: `null` in place of an event. */
  place(position: Position | undefined): void {
    if (position && this.#waiting.length === 0) this.#add({ position, what: null, bytes: 0 });
  }

  whenRoom(then: () => void): void {
    if (this.#bytes > 0) this.#room = then;
    else this.#outlet.whenRoom(then);
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
      while (this.#waiting.length > 0) yield* this.#some();
      if (this.#over) break;
      const then = this.#room;
      this.#room = undefined;
      if (then) this.#outlet.whenRoom(then);
    }
    if (this.#fault) throw this.#fault;
  }

  /** What waits, in a turn that ends with it: each event in one of its own took three times as long in all. */
  async *#some(): AsyncGenerator<Told<T | null>, void, void> {
    const { promise: drained, resolve: drain } = Promise.withResolvers<void>();
    await this.#turns.take(
      () => undefined,
      () => drained,
    );
    try {
      for (const next of this.#waiting.splice(0, together)) {
        yield next;
        this.#bytes -= next.bytes;
      }
    } finally {
      drain();
    }
  }

  /** What is larger than all that may wait has room when nothing does. */
  get #hasRoom(): boolean {
    return this.#waiting.length < most && this.#outlet.hasRoom(this.#bytes);
  }

  #add(told: Told<T | null>): void {
    this.#waiting.push(told);
    this.#bytes += told.bytes;
    this.#wake.resolve();
  }
}
