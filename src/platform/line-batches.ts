import type { Sink } from './line-sink.js';

const flushAt = 16_384;
const roomBytes = 2 * flushAt;
const flushAfter = 1000;
// With so many bytes waiting the destination hangs; holding more would take the gateway down with it.
const mostWaiting = 4 * 1024 * 1024;

/**
 * Collects lines and writes them 16 KiB or one second at a time, one write after the other. Adding never waits: while the
 * sink hangs or fails, lines are dropped and counted; `onFault` hears once of each failure, not once of each line. A line is
 * made bytes at once, while its pieces are in the caches of the processor.
 */
export class LineBatches {
  /** Lines lost since the start. */
  dropped = 0;
  readonly #sink: Sink;
  readonly #onFault: (error: Error) => void;
  #batch = room();
  #used = 0;
  #lines = 0;
  #waiting = 0;
  #failing = false;
  #timer: NodeJS.Timeout | undefined;
  #written: Promise<void> = Promise.resolve();
  readonly #flush = () => this.#send();

  constructor(sink: Sink, onFault: (error: Error) => void) {
    this.#sink = sink;
    this.#onFault = onFault;
  }

  add(line: string): void {
    if (this.#waiting >= mostWaiting) {
      this.dropped++;
      return;
    }
    // A letter of a text takes three bytes at most.
    const most = line.length * 3;
    if (most > this.#batch.length - this.#used) this.#send(most);
    this.#used += this.#batch.write(line, this.#used);
    this.#lines++;
    if (this.#used >= flushAt) this.#send();
    else this.#timer ??= setTimeout(this.#flush, flushAfter).unref();
  }

  /** Has the sink opened anew, between the lines before and those after. */
  reopen(): Promise<void> {
    this.#send();
    return this.#next(() => this.#sink.reopen()).catch(this.#onFault);
  }

  /** Writes what is left, then closes. */
  async close(): Promise<void> {
    this.#send();
    await this.#written;
    await this.#sink.close();
  }

  /** Sends what there is; the next line needs so many bytes. */
  #send(needed = 0): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const [batch, count] = [this.#batch.subarray(0, this.#used), this.#lines];
    if (count > 0 || needed > this.#batch.length) this.#batch = room(needed);
    [this.#used, this.#lines] = [0, 0];
    if (count === 0) return;
    this.#waiting += batch.length;
    void this.#next(() => this.#write(batch, count));
  }

  #next(step: () => Promise<void>): Promise<void> {
    const done = this.#written.then(step);
    this.#written = done.catch(() => undefined);
    return done;
  }

  async #write(batch: Buffer, count: number): Promise<void> {
    try {
      await this.#sink.write(batch);
      this.#failing = false;
    } catch (error) {
      this.dropped += count;
      if (!this.#failing) this.#onFault(error as Error);
      this.#failing = true;
    }
    this.#waiting -= batch.length;
  }
}

function room(needed = 0): Buffer {
  return Buffer.allocUnsafeSlow(Math.max(roomBytes, needed));
}
