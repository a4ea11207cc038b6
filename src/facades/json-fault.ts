const told = /JSON at position (\d+)(?: \(line \d+ column \d+\))?$/;
/** A longer text is not looked through again for what the engine does not tell. */
const longest = 16_384;

/** Where a text stops being JSON, out of what the engine says of it and the text, if that is at hand. */
export function jsonFaultAt(message: string, text: string | undefined): number | undefined {
  const found = told.exec(message)?.[1];
  if (found !== undefined) return Number(found);
  if (text === undefined) return undefined;
  if (message.startsWith('Unexpected end')) return text.length;
  return text.length > longest ? undefined : firstWrong(text);
}

/** The engine names a wrong token without its place: it ends the shortest beginning in which the engine finds it. */
function firstWrong(text: string): number {
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (hasWrongToken(text.slice(0, middle + 1))) high = middle;
    else low = middle + 1;
  }
  // None: it is JSON, but not what was asked for.
  return low === text.length ? 0 : low;
}

function hasWrongToken(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    return (error as Error).message.startsWith('Unexpected token');
  }
}
