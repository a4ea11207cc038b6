import type { z } from 'zod';
import './meta.js';
import type { Presenter } from './presenter.js';

/** A way from one object to others; loaders and GraphQL fields come from it. */
export type Relation =
  | { readonly kind: 'one'; readonly to: string; /** Attribute here that holds the other's id. */ readonly via: string }
  | {
      readonly kind: 'many';
      readonly to: string;
      /** Indexed attribute there that holds our id. */ readonly by: string;
    };

export function one(to: string, via: string): Relation {
  return { kind: 'one', to, via };
}

export function many(to: string, by: string): Relation {
  return { kind: 'many', to, by };
}

/** An O2 object: its one model, how it is reached from others, and how each API spells it. */
export interface ObjectDefinition<
  N extends string = string,
  M extends z.ZodObject = z.ZodObject,
  K extends string = string,
  C extends string = string,
> {
  readonly name: N;
  /** Camel-case plural: GraphQL field, tRPC router, part of every permission (`resourcePools:read`). */
  readonly collection: C;
  /** The attribute that identifies it. */
  readonly key: K;
  readonly model: M;
  readonly relations: Readonly<Record<string, Relation>>;
  /** Indexed attribute that holds the id of the object it is listed under. */
  readonly parent?: string;
  /** Attribute with objects of the same type nested in it; they have ids of their own and are found by them. */
  readonly nested?: string;
  /** True when our store is where the truth of it is: no backend reports it, and operations write it. */
  readonly owned?: boolean;
  /** True when the gateway holds exactly one (the O-Cloud itself). */
  readonly singleton?: boolean;
  readonly presenters: readonly Presenter[];
}

export function defineObject<N extends string, M extends z.ZodObject, K extends string, C extends string>(
  definition: ObjectDefinition<N, M, K, C>,
): ObjectDefinition<N, M, K, C> {
  return Object.freeze(definition);
}
