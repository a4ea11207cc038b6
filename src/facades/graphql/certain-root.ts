import { GraphQLError, Kind, type DirectiveNode, type SelectionNode, type ValidationRule } from 'graphql';

const message = 'A subscription must not have @skip or @include at its root.';

/**
 * Refuses a subscription that may ask for nothing (GraphQL of September 2025, 5.2.4.1). graphql-js 16 lets it pass, or throws if a
 * variable decides: the rest of such a document is hidden from its rules.
 */
export const certainRoot: ValidationRule = (context) => ({
  Document(document) {
    const seen = new Set<string>();
    const conditions = (selections: readonly SelectionNode[]): readonly DirectiveNode[] =>
      selections.flatMap((selection) => [...(selection.directives ?? []).filter(isCondition), ...below(selection)]);
    const below = (selection: SelectionNode): readonly DirectiveNode[] => {
      if (selection.kind === Kind.FIELD) return [];
      if (selection.kind === Kind.INLINE_FRAGMENT) return conditions(selection.selectionSet.selections);
      const { value: name } = selection.name;
      if (seen.has(name)) return [];
      seen.add(name);
      return conditions(context.getFragment(name)?.selectionSet.selections ?? []);
    };
    const nodes = document.definitions.flatMap((each) =>
      each.kind === Kind.OPERATION_DEFINITION && each.operation === 'subscription'
        ? conditions(each.selectionSet.selections)
        : [],
    );
    if (nodes.length === 0) return undefined;
    context.reportError(new GraphQLError(message, { nodes }));
    return { ...document, definitions: [] };
  },
});

function isCondition({ name: { value } }: DirectiveNode): boolean {
  return value === 'skip' || value === 'include';
}
