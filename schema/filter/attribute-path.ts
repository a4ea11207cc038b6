import { invalid } from '../errors.js';
import { mostNames } from './limits.js';

/** Escapes of an attribute name (SOL 013 5.2.2): `/`, `,` and `@` have a meaning of their own there. */
const escapes: ReadonlyMap<string, string> = new Map([
  ['0', '~'],
  ['1', '/'],
  ['a', ','],
  ['b', '@'],
]);
const escapeOf: ReadonlyMap<string, string> = new Map([...escapes].map(([letter, plain]) => [plain, `~${letter}`]));

/** What stands for the keys of a map, as the last name of a path. */
export const keyName = '@key';

/**
 * The names of a path `name/name`, unescaped.
 * @param at the parameter that a fault is reported for
 * @param offset where `path` begins in it
 */
export function parsePath(path: string, at: string, offset: number): string[] {
  let start = offset;
  return path.split('/').map((escaped, depth) => {
    if (depth >= mostNames) throw invalid(`A path has at most ${mostNames} names.`, at, start);
    if (escaped === '') throw invalid('An attribute name is missing.', at, start);
    if (escaped === keyName)
      throw invalid(`'${keyName}' stands only last in the path of a filter, behind a map.`, at, start);
    const name = escaped.replace(/~(.?)/gsu, (escape, letter: string, index: number) => {
      const plain = escapes.get(letter);
      if (plain === undefined)
        throw invalid(`'${escape}' is no escape; known are ~0 (~), ~1 (/), ~a (,) and ~b (@).`, at, start + index);
      return plain;
    });
    start += escaped.length + 1;
    return name;
  });
}

/** Writes names as the path that `parsePath` reads. */
export function printPath(names: readonly string[]): string {
  return names.map((name) => name.replace(/[~/,@]/g, (plain) => escapeOf.get(plain)!)).join('/');
}
