import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  Parser,
  visit,
  type CST,
  type Document,
} from 'yaml';
import type { Problem } from './fault.js';

/** A YAML text, read: its value, what is wrong with its syntax, and where each path stands. */
export interface YamlFile {
  readonly value: Record<string, unknown>;
  readonly faults: readonly Problem[];
  /** Line of a path or, where the path is absent, of the nearest thing around it. */
  lineOf(path: readonly PropertyKey[]): number | undefined;
}

/** No setting nests deeper; what reads settings does so by recursion. */
const deepest = 50;
const tooDeep = `Nests deeper than ${deepest} levels, as no setting does.`;

export function readYaml(text: string): YamlFile {
  const deep = firstTooDeep(text);
  if (deep !== undefined) return { ...refused(tooDeep, lineAt(text, deep)), lineOf: () => undefined };
  const lines = new LineCounter();
  // A tag such as !!set would make something that settings are not, and be dropped in silence.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, resolveKnownTags: false });
  const faults: Problem[] = [
    ...[...document.errors, ...document.warnings].map(({ pos, message }) => ({ at: pos[0], message })),
    ...wrongNames(document),
  ].map(({ at, message }) => ({ path: '', line: lines.linePos(at).line, message }));
  const lineOf = (path: readonly PropertyKey[]) => find(document, lines, path);
  if (faults.length > 0) return { value: {}, faults, lineOf };
  return { ...valueOf(document), lineOf };
}

function refused(message: string, line = 1): Pick<YamlFile, 'value' | 'faults'> {
  return { value: {}, faults: [{ path: '', line, message }] };
}

/** Where the first thing beyond the deepest level begins. By tokens: their parser needs no stack. */
function firstTooDeep(text: string): number | undefined {
  let level: readonly CST.Token[] = [...new Parser().parse(text)].flatMap((token) =>
    token.type === 'document' && token.value ? [token.value] : [],
  );
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > deepest) return level[0]!.offset;
    level = level.flatMap((token) =>
      'items' in token ? token.items.flatMap(({ key, value }) => [key, value].filter((each) => each != null)) : [],
    );
  }
  return undefined;
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** Names that no setting can have: they would be made up from something else, or be dropped in silence. */
function wrongNames(document: Document.Parsed): readonly { readonly at: number; readonly message: string }[] {
  const found: { at: number; message: string }[] = [];
  visit(document, {
    Pair(_at, { key, value }) {
      const name = isScalar(key) ? key.value : undefined;
      if (['string', 'number', 'boolean'].includes(typeof name) && name !== '__proto__') return;
      const { range } = (key ?? value ?? {}) as { range?: readonly number[] };
      found.push({ at: range?.[0] ?? 0, message: 'The name of a setting must stand here (`name: value`).' });
    },
  });
  return found;
}

// An alias may be unresolved, circular or blow up (a few lines that expand to gigabytes): that throws only here. The copy
// unties what aliases share, so that changing one place does not change another.
function valueOf(document: Document.Parsed): Pick<YamlFile, 'value' | 'faults'> {
  try {
    const value: unknown = JSON.parse(JSON.stringify(document.toJS() ?? {}));
    if (levelsOf(value) > deepest) return refused(tooDeep);
    if (value !== null && typeof value === 'object' && !Array.isArray(value))
      return { value: value as Record<string, unknown>, faults: [] };
    return refused('The file must hold settings (`name: value`), one below the other.');
  } catch (error) {
    return refused(error instanceof RangeError ? tooDeep : (error as Error).message);
  }
}

/** Aliases nest what nests already. */
function levelsOf(value: unknown): number {
  let levels = 0;
  for (let level = [value]; level.length > 0; levels += 1)
    level = level.flatMap((each): unknown[] => (typeof each === 'object' && each !== null ? Object.values(each) : []));
  return levels - 1;
}

function find(document: Document.Parsed, lines: LineCounter, path: readonly PropertyKey[]): number | undefined {
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (!pair) break;
      offset = isScalar(pair.key) ? pair.key.range?.[0] : undefined;
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(step)] as { range?: readonly number[] } | undefined;
      if (!item) break;
      offset = item.range?.[0];
      node = item;
    } else break;
  }
  return offset === undefined ? undefined : lines.linePos(offset).line;
}
