/** Cuts a byte stream into the pieces that are parsed one by one. */
export interface Splitter {
  /** The pieces that `chunk` completes. Lazy: a piece is made when it is asked for. */
  push(chunk: Buffer): Iterable<Buffer>;
  /** The stream ended well; throws `Truncated` when that was in the middle of a piece. */
  end(): void;
}

/** A body that ended too early: what was lost is unknown, so the caller has to ask again. */
export class Truncated extends Error {}
