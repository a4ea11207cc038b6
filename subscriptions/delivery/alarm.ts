import type { Clock } from '#platform/clock.js';

/** Rings once, at the time it was last set to. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #set: { readonly at: number; readonly cancel: AbortController } | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  set(at: number | undefined): void {
    if (this.#set?.at === at) return;
    this.#set?.cancel.abort();
    this.#set = undefined;
    if (at === undefined) return;
    const set = { at, cancel: new AbortController() };
    this.#set = set;
    this.#clock.sleep(Math.max(0, at - this.#clock.settled()), set.cancel.signal).then(
      () => {
        if (this.#set !== set) return;
        this.#set = undefined;
        this.#ring();
      },
      () => undefined,
    );
  }
}
