import {
  GraphQLError,
  Kind,
  type DocumentNode,
  type FragmentDefinitionNode,
  type SelectionNode,
  type ValidationRule,
} from 'graphql';
import { invalid } from '#schema/errors.js';
import { deepest } from '../nesting.js';

export interface DocumentLimits {
  /** Deepest nesting of fields. */
  readonly depth: number;
  /** Most aliases of an operation, those of its fragments counted wherever they are spread. */
  readonly aliases: number;
}

/** More than any client of ours writes; each directive is looked up and checked. */
const mostDirectives = 50;

interface Size {
  readonly depth: number;
  readonly aliases: number;
}
type Refuse = (message: string) => void;

const nothing: Size = { depth: 0, aliases: 0 };

/** Refuses documents deeper or wider than any real one, before they are executed. graphql-js limits introspection. */
export function documentLimits(limits: DocumentLimits): ValidationRule {
  return (context) => {
    const refuse: Refuse = (message) =>
      context.reportError(new GraphQLError(message, { originalError: invalid(message, 'query') }));
    return { Document: (document) => measure(document, limits, refuse), ...nestedValues(refuse) };
  };
}

function measure(document: DocumentNode, { depth, aliases }: DocumentLimits, refuse: Refuse): void {
  const directives = countDirectives(document);
  if (directives > mostDirectives)
    refuse(`The document has ${directives} directives; at most ${mostDirectives} are allowed.`);
  const sizeOf = measurer(document);
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const size = sizeOf(definition.selectionSet.selections);
    if (size.depth > depth) refuse(`The document is ${size.depth} fields deep; at most ${depth} are allowed.`);
    if (size.aliases > aliases) refuse(`The document has ${size.aliases} aliases; at most ${aliases} are allowed.`);
  }
}

/** What is written in a document nests no deeper than what comes beside it. */
function nestedValues(refuse: Refuse) {
  let levels = 0;
  const value = {
    enter() {
      levels += 1;
      if (levels === deepest + 1) refuse(`A value nests deeper than ${deepest} levels.`);
    },
    leave: () => void (levels -= 1),
  };
  return { ObjectValue: value, ListValue: value };
}

/** Measures selections; a fragment is measured once, however often it is spread. */
function measurer(document: DocumentNode): (selections: readonly SelectionNode[]) => Size {
  const fragments = new Map(
    document.definitions.flatMap((each) =>
      each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each] as const] : [],
    ),
  );
  const measured = new Map<FragmentDefinitionNode, Size>();

  function fragment(name: string): Size {
    const definition = fragments.get(name);
    if (!definition) return nothing;
    const known = measured.get(definition);
    if (known) return known;
    // A fragment that spreads itself is refused by another rule.
    measured.set(definition, nothing);
    const size = sizeOf(definition.selectionSet.selections);
    measured.set(definition, size);
    return size;
  }

  function one(selection: SelectionNode): Size {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return fragment(selection.name.value);
    if (selection.kind === Kind.INLINE_FRAGMENT) return sizeOf(selection.selectionSet.selections);
    const aliased = selection.alias ? 1 : 0;
    if (selection.name.value.startsWith('__')) return { depth: 1, aliases: aliased };
    const below = selection.selectionSet ? sizeOf(selection.selectionSet.selections) : nothing;
    return { depth: below.depth + 1, aliases: below.aliases + aliased };
  }

  function sizeOf(selections: readonly SelectionNode[]): Size {
    return selections.reduce((sum, selection) => {
      const { depth, aliases } = one(selection);
      return { depth: Math.max(sum.depth, depth), aliases: sum.aliases + aliases };
    }, nothing);
  }

  return sizeOf;
}

function countDirectives(document: DocumentNode): number {
  const inside = (selections: readonly SelectionNode[]): number =>
    selections.reduce((sum, selection) => {
      const below =
        'selectionSet' in selection && selection.selectionSet ? inside(selection.selectionSet.selections) : 0;
      return sum + (selection.directives?.length ?? 0) + below;
    }, 0);
  return document.definitions.reduce((sum, definition) => {
    const own = 'directives' in definition ? (definition.directives?.length ?? 0) : 0;
    return sum + own + ('selectionSet' in definition ? inside(definition.selectionSet.selections) : 0);
  }, 0);
}
