import type { Ask } from '../wrk.js';

/** A kind of request whose cost is compared with that of a bare server that sends the same bytes. */
export interface Case {
  readonly name: string;
  /** Least part of the bare server's requests, for CPU and for time; absent when the figure is only recorded. */
  readonly target?: number;
  /** What the gateway is asked in turn; they differ in their paths only. */
  asks(gateway: string): Promise<readonly Ask[]>;
}
