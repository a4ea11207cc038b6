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

/** Parses `<seq>.<tag>`; undefined when the text is not a position. */
export function parsePosition(text: string): Position | undefined {
  const match = /^(0|[1-9]\d{0,14})\.([0-9a-z]{1,16})$/.exec(text);
  return match ? { seq: Number(match[1]), tag: match[2]! } : undefined;
}

/** Whether both are one place of one log, or neither is a place. */
export function samePosition(a: Position | undefined, b: Position | undefined): boolean {
  return a?.seq === b?.seq && a?.tag === b?.tag;
}

/** The later of two places of one log. */
export function later(a: Position, b: Position): Position {
  return a.seq >= b.seq ? a : b;
}
