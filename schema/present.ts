import type { z } from 'zod';
import type { Value } from './change.js';
import { levelOf, type Level } from './level.js';
import type { ObjectDefinition } from './object.js';
import type { Presenter } from './presenter.js';
import type { Selector } from './selector.js';
import { allBut, cut, shownOf, type Shown } from './shown.js';
import { modelPath, modelValue, spellingOf, type Spelled } from './spelling.js';

/** An object as an API shows it. */
export type Document = Record<string, unknown>;

/** Paths, in the model's names, that the caller may not see; `permissionsOf` lists the candidates. */
export type Hidden = readonly (readonly string[])[];

/** One API's spelling of one object, ready to use in both directions. The functions need no `this`. */
export interface CompiledPresenter {
  /** From an API's names to the path in the model; undefined when there is no such attribute. */
  readonly pathOf: (names: readonly string[]) => readonly string[] | undefined;
  readonly level: Level;
  /** From a value as the API shows it to the model's; throws what the attribute's codec throws. */
  readonly decode: (names: readonly string[], shown: string) => string;
  /**
   * The object to send: attributes in the presenter's order, what is absent left out. Parts are shared with `value`.
   */
  readonly document: (value: Value, selector: Selector, hidden?: Hidden) => Document;
  /** The same as JSON text. */
  readonly text: (value: Value, selector: Selector, hidden?: Hidden) => string;
}

/** Makes the document of a value. */
type Write = (value: Value) => Document;

type Read = (value: Value) => unknown;

function readerOf([first, ...rest]: readonly string[]): Read {
  const name = first!;
  if (rest.length === 0) return (value) => value[name];
  const inside = readerOf(rest);
  return (value) => {
    const found = value[name];
    return typeof found === 'object' && found !== null ? inside(found as Value) : undefined;
  };
}

/** A codec is asked about null (it may show it as absent), never about what is absent. */
function then(read: Read, next: (found: unknown) => unknown): Read {
  return (value) => {
    const found = read(value);
    return found === undefined ? undefined : next(found);
  };
}

/** Writes each of a list, or the one. */
function nestedWith(write: () => Write) {
  return (found: unknown): unknown => {
    if (Array.isArray(found)) return found.map(write());
    return found === null ? null : write()(found as Value);
  };
}

function memberOf({ path, codec, nested }: Spelled, part: Shown, visible: Shown, below: () => Write): Read {
  let read = readerOf(path);
  if (visible !== true) read = then(read, (found) => cut(found, visible));
  if (codec) read = then(read, (found) => codec.encode(found));
  if (nested) return then(read, nestedWith(below));
  return part === true ? read : then(read, (found) => cut(found, part));
}

function writeOf(members: readonly { readonly name: string; readonly read: Read }[]): Write {
  return (value) => {
    const document: Document = {};
    for (const { name, read } of members) {
      const found = read(value);
      if (found !== undefined) document[name] = found;
    }
    return document;
  };
}

function compiled(presenter: Presenter, model: z.ZodObject): CompiledPresenter {
  const spelling = spellingOf(presenter, model);
  /** By what is hidden: a handful, since it follows from permissions. */
  const wholes = new Map<string, Write>();
  const selected = new WeakMap<Selector, Map<string, Write>>();

  function made(shown: Shown, hidden: Hidden): Write {
    const visible = allBut(hidden);
    const members = [...spelling.values()].flatMap((attribute) => {
      const part = shownOf(shown, attribute.name);
      const seen = attribute.path.reduce(shownOf, visible);
      if (part === false || seen === false) return [];
      // Made when first used: elements have elements.
      let child: Write | undefined;
      const below = () => (child ??= part === true ? kept(wholes, true, hidden) : made(part, hidden));
      return [{ name: attribute.name, read: memberOf(attribute, part, seen, below) }];
    });
    return writeOf(members);
  }

  function kept(writes: Map<string, Write>, shown: Shown, hidden: Hidden): Write {
    const mask = hidden.length === 0 ? '' : JSON.stringify(hidden);
    let write = writes.get(mask);
    if (!write) writes.set(mask, (write = made(shown, hidden)));
    return write;
  }

  function document(value: Value, selector: Selector, hidden: Hidden = []): Document {
    let writes = selected.get(selector);
    if (!writes) selected.set(selector, (writes = new Map()));
    return kept(writes, selector.shown, hidden)(value);
  }

  return {
    pathOf: (names) => modelPath(presenter, model, names),
    level: levelOf(spelling),
    decode: (names, shown) => modelValue(presenter, model, names, shown),
    document,
    text: (value, selector, hidden) => JSON.stringify(document(value, selector, hidden)),
  };
}

const presenters = new WeakMap<z.ZodObject, WeakMap<Presenter, CompiledPresenter>>();

/** The presenter of `definition` ready to use; the same one every time. Throws when it names what the model has not. */
export function presenterOf(presenter: Presenter, { model }: ObjectDefinition): CompiledPresenter {
  let known = presenters.get(model);
  if (!known) presenters.set(model, (known = new WeakMap()));
  let found = known.get(presenter);
  if (!found) known.set(presenter, (found = compiled(presenter, model)));
  return found;
}
