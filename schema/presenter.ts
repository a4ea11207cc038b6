import type { z } from 'zod';

/** A value's spelling in one API: both ways, so that a filter value finds its way back. */
export interface Codec {
  readonly shown: z.ZodType;
  encode(value: unknown): unknown;
  decode(shown: string): string;
}

/** Where an attribute of an API comes from: a path into the model (`a/b`), or a path with a codec. */
export type Source = string | { readonly path: string; readonly codec: Codec };

/** One API's spelling of one object: data only. Output, filter and selector names, OpenAPI and notifications come from it. */
export interface Presenter {
  /** Lower-hyphen apiName, a key of `apis`. */
  readonly api: string;
  readonly major: string;
  /** The specification's type name, `ResourcePoolInfo`. */
  readonly type: string;
  readonly routes: {
    readonly list?: string;
    readonly get?: string;
    /** Where the API lets objects be created and deleted; most are read only there. */
    readonly create?: string;
    readonly delete?: string;
  };
  /** What an object created through this API has beside what is sent. */
  readonly creates?: Readonly<Record<string, unknown>>;
  readonly attributes: Readonly<Record<string, Source>>;
  /** Left out unless asked for (SOL 013 default-exclude set). */
  readonly defaultExcluded: readonly string[];
  /** Attributes whose value is a list of objects of the same type (nested elements). */
  readonly nested?: readonly string[];
  /** Name of the member that wraps a list; O2 lists are bare arrays. */
  readonly envelope?: string;
}

/** Attributes that are spelled as in the model. */
export function asModelled(...names: readonly string[]): Record<string, Source> {
  return Object.fromEntries(names.map((name) => [name, name]));
}
