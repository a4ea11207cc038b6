/** What one client was told, in the order in which it was. */
export interface Stream {
  readonly name: string;
  /** A position each; a gap is told with the one behind which it goes on. */
  readonly heard: readonly Heard[];
}

export interface Heard {
  readonly position: string;
  readonly gap?: true;
}

export interface Wrong {
  readonly rule: 'lost' | 'inverted' | 'repeated' | 'invented' | 'gap';
  readonly stream: string;
  readonly position: string;
}

/** How many of each wrong there are, and the first of them. */
export interface Judgement {
  readonly events: number;
  readonly counts: Readonly<Record<Wrong['rule'], number>>;
  readonly first: Wrong | undefined;
}

/**
 * Judges streams by the log: each is to be told every entry once, in the order of the log. A gap says that entries may have been
 * missed, which a log that was neither trimmed nor rewritten never gives reason for: it is a wrong, and excuses nothing.
 */
export function judge(log: readonly string[], streams: readonly Stream[]): Judgement {
  const places = new Map(log.map((position, index) => [position, index]));
  const wrongs = streams.flatMap((stream) => wrongsOf(log, places, stream));
  const count = (rule: Wrong['rule']) => wrongs.filter((wrong) => wrong.rule === rule).length;
  return {
    events: streams.reduce((sum, { heard }) => sum + heard.length, 0),
    counts: {
      lost: count('lost'),
      inverted: count('inverted'),
      repeated: count('repeated'),
      invented: count('invented'),
      gap: count('gap'),
    },
    first: wrongs[0],
  };
}

function wrongsOf(log: readonly string[], places: ReadonlyMap<string, number>, { name, heard }: Stream): Wrong[] {
  const wrongs: Wrong[] = [];
  const told = new Set<string>();
  let highest = -1;
  const wrong = (rule: Wrong['rule'], position: string) => wrongs.push({ rule, stream: name, position });
  for (const { position, gap } of heard) {
    const place = places.get(position);
    if (gap) wrong('gap', position);
    else if (place === undefined) wrong('invented', position);
    else if (told.has(position)) wrong('repeated', position);
    else {
      if (place < highest) wrong('inverted', position);
      told.add(position);
      highest = Math.max(highest, place);
    }
  }
  for (const position of log) if (!told.has(position)) wrong('lost', position);
  return wrongs;
}
