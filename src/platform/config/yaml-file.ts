import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml';
import type { Problem } from './fault.js';

/** A YAML text, read: its value, what is wrong with its syntax, and where each path stands. */
export interface YamlFile {
  readonly value: Record<string, unknown>;
  readonly faults: readonly Problem[];
  /** Line of a path or, where the path is absent, of the nearest thing around it. */
  lineOf(path: readonly PropertyKey[]): number | undefined;
}

export function readYaml(text: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const faults: Problem[] = [...document.errors, ...document.warnings].map((error) => ({
    path: '',
    line: lines.linePos(error.pos[0]).line,
    message: error.message,
  }));
  const lineOf = (path: readonly PropertyKey[]) => find(document, lines, path);
  if (faults.length > 0) return { value: {}, faults, lineOf };
  return { ...valueOf(document), lineOf };
}

// An alias may be unresolved, circular or blow up (a few lines that expand to gigabytes): that throws only here. The copy
// unties what aliases share, so that changing one place does not change another.
function valueOf(document: Document.Parsed): Pick<YamlFile, 'value' | 'faults'> {
  const refused = (message: string) => ({ value: {}, faults: [{ path: '', line: 1, message }] });
  try {
    const value: unknown = JSON.parse(JSON.stringify(document.toJS() ?? {}));
    if (value !== null && typeof value === 'object' && !Array.isArray(value))
      return { value: value as Record<string, unknown>, faults: [] };
    return refused('The file must hold settings (`name: value`), one below the other.');
  } catch (error) {
    return refused((error as Error).message);
  }
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
