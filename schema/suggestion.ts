/** What is longer than this was no slip of the pen. */
const longest = 64;
/** So many known words are looked at, at most. */
const mostKnown = 512;

/** The known word that is near enough to have been meant; undefined when none is. What anybody sends may be asked about. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  if (word.length > longest) return undefined;
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  let looked = 0;
  for (const each of known) {
    if ((looked += 1) > mostKnown) break;
    // Two words differ by at least as many edits as their lengths do.
    if (Math.abs(each.length - word.length) >= least) continue;
    const edits = distance(word.toLowerCase(), each.toLowerCase());
    if (edits < least) [best, least] = [each, edits];
  }
  return best;
}

/** ` Did you mean 'port'?` when a known word is near enough to be a slip of the pen, else nothing. */
export function suggestion(word: string, known: Iterable<string>): string {
  const best = nearest(word, known);
  return best === undefined ? '' : ` Did you mean '${best}'?`;
}

// Damerau-Levenshtein (adjacent letters swapped count once): `prot` is one slip from `port`.
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? rows[i - 2]![j - 2]! + 1 : Infinity;
      const change = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, change, swap));
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
