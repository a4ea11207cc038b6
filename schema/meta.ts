import 'zod/v4';

// Under the name that zod-openapi extends too: TypeScript forgets extensions made under several names.
declare module 'zod/v4' {
  interface GlobalMeta {
    /** The attribute has a posting list in the view: filters on it cost what they find. */
    index?: boolean;
    /** The attribute is shown only to principals with this permission. */
    permission?: string;
    /** GraphQL `ID` instead of `String`. */
    reference?: boolean;
    /** Computed by the view from the objects that point here; never stored. */
    derived?: { object: string; by: string };
    /** Lower cardinality 1 although the model is a map or a list that may be empty. */
    mandatory?: boolean;
  }
}
