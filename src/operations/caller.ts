import type { Principal } from '../access/principal.js';
import type { ExpectedState } from './expected-state.js';

/** A request as the edge hands it in. */
export interface Caller {
  readonly principal: Principal;
  readonly requestId: string;
  /** Aborts when the client leaves; a mutation that has begun goes on all the same. */
  readonly signal: AbortSignal;
  /** The rate limit has been charged: by the edge, or by the first operation of a request that came another way. */
  charged?: boolean;
  /** The state in which an object may be written; absent: in whichever it is. */
  readonly expected?: ExpectedState;
}
