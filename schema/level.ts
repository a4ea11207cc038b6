import type { z } from 'zod';
import { printPath } from './filter/attribute-path.js';
import { attributeAt, attributeIn, attributesOf, type Attribute } from './paths.js';
import type { Spelling } from './spelling.js';
import { nearest } from './suggestion.js';

export interface Place {
  readonly attribute: Attribute;
  readonly mandatory: boolean;
}

/** The names that may stand at one depth of a path, and what is below each. */
export interface Level {
  readonly named: Iterable<string>;
  find(name: string): Place | undefined;
  below(name: string): Level;
}

/** In the names of an API. */
export function levelOf(spelling: Spelling): Level {
  return {
    get named() {
      return spelling.keys();
    },
    find: (name) => spelling.get(name),
    below(name) {
      const found = spelling.get(name)!;
      return found.nested ? levelOf(spelling) : levelInside(found.attribute);
    },
  };
}

/** In the names of a model. */
export function levelOfModel(model: z.ZodObject): Level {
  return {
    named: Object.keys(model.shape),
    find: (name) => placeOf(attributeAt(model, [name])),
    below: (name) => levelInside(attributeAt(model, [name])!),
  };
}

function levelInside(outer: Attribute): Level {
  return {
    get named() {
      return outer.kind === 'object' ? attributesOf(outer.schema).keys() : [];
    },
    find: (name) => placeOf(attributeIn(outer, name)),
    below: (name) => levelInside(attributeIn(outer, name)!),
  };
}

function placeOf(attribute: Attribute | undefined): Place | undefined {
  return attribute && { attribute, mandatory: !attribute.optional };
}

/** Says of a path that leads nowhere that it does, and which one may have been meant. */
export function noAttribute(level: Level, names: readonly string[], where = 'here'): string {
  const said = `'${printPath(names)}' is no attribute ${where}.`;
  let inside = level;
  for (const [depth, name] of names.entries()) {
    if (inside.find(name)) {
      inside = inside.below(name);
      continue;
    }
    const near = nearest(name, inside.named);
    return near === undefined ? said : `${said} Did you mean '${printPath(names.with(depth, near))}'?`;
  }
  return said;
}
