/** A place in the log. Opaque text `<seq>.<tag>` wherever it leaves the process; only the feed and the store read its parts. */
export interface Position {
  readonly seq: number;
  /** Random per appended batch: a reader that finds another tag at `seq` knows that the log was rewritten. */
  readonly tag: string;
}

/** The place before the first entry. */
export const origin: Position = { seq: 0, tag: '0' };

export function formatPosition(position: Position): string {
  return `${position.seq}.${position.tag}`;
}

/** The later of two places of one log. */
export function later(a: Position, b: Position): Position {
  return a.seq >= b.seq ? a : b;
}
