import type { NativeEvent } from '../../contract.js';

/** What a read brought. `place` is the resourceVersion to go on from after it; undefined inside a full list. */
export interface Progress {
  readonly events: NativeEvent[];
  readonly place: string | undefined;
}

/** Events of a list go on in portions of about this many: small enough for the event loop of who stores them. */
export const portion = 64;
