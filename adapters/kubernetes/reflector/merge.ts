/** Where items of a merged stream come from; it shall end when the signal aborts. */
export type Stream<T> = (signal: AbortSignal) => AsyncIterable<T>;

interface Waiting<T> {
  readonly value: T;
  taken(): void;
}

/**
 * Items of several streams in the order in which they come. Each stream is at most one item ahead of the reader. A stream that
 * throws ends all of them; so does leaving the loop.
 */
export async function* merge<T>(streams: readonly Stream<T>[], signal: AbortSignal): AsyncGenerator<T> {
  const stop = new AbortController();
  const until = AbortSignal.any([signal, stop.signal]);
  const waiting: Waiting<T>[] = [];
  let wake = (): void => undefined;
  let running = streams.length;
  let broken: { readonly fault: unknown } | undefined;

  const pumps = streams.map(async (stream) => {
    try {
      for await (const value of stream(until)) {
        if (until.aborted) break;
        await new Promise<void>((taken) => {
          waiting.push({ value, taken });
          wake();
        });
      }
    } catch (fault) {
      broken ??= { fault };
    } finally {
      running -= 1;
      wake();
    }
  });

  try {
    for (;;) {
      const next = waiting.shift();
      if (next) {
        next.taken();
        yield next.value;
      } else if (broken) throw broken.fault;
      else if (running === 0) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    stop.abort();
    for (const { taken } of waiting.splice(0)) taken();
    await Promise.all(pumps);
  }
}
