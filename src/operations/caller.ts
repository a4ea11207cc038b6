import type { Principal } from '../access/principal.js';

/** A request as the edge hands it in. */
export interface Caller {
  readonly principal: Principal;
  readonly requestId: string;
  /** Aborts when the client leaves; a mutation that has begun goes on all the same. */
  readonly signal: AbortSignal;
  /** Set by the first operation of a request: one request is charged once, however many operations it needs. */
  charged?: boolean;
}
