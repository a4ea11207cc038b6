import type { z } from 'zod';
import type { Scope } from '#schema/scope.js';
import type { ObjectName, objects, ValueOf } from '#schema/objects.js';

/** A backend's own places in its watches: opaque text by native kind. Whoever reads keeps it; a new process begins anew. */
export type Cursor = Readonly<Record<string, string>>;

/**
 * What a backend says, in its own terms. A full list of a kind stands between `begin` and `complete`; what it did not name is
 * gone. `stale`: the kind cannot be read now (403, a cut line); what is known of it stays and is named incomplete, until
 * `current` (the watch goes on where it was) or `complete`.
 */
export type NativeEvent =
  | {
      readonly type: 'upsert';
      readonly kind: string;
      readonly identity: string;
      readonly native: unknown;
      readonly version?: string;
    }
  | { readonly type: 'delete'; readonly kind: string; readonly identity: string; readonly version?: string }
  | { readonly type: 'begin'; readonly kind: string }
  | { readonly type: 'complete'; readonly kind: string }
  | { readonly type: 'stale'; readonly kind: string; readonly reason: string }
  | { readonly type: 'current'; readonly kind: string };

/** Events that arrived together; `cursor` is where to go on after them. */
export interface NativeBatch {
  readonly events: readonly NativeEvent[];
  readonly cursor?: Cursor;
}

/** An object made from natives. `value` lacks the identifying attribute: the kit mints it. */
export interface Projected<N extends ObjectName = ObjectName> {
  readonly value: Omit<ValueOf<N>, (typeof objects)[N]['key']>;
  readonly tenant: string | null;
}

/** One native becomes one object (or none). The native is not kept. */
export interface EachProjection<N extends ObjectName> {
  readonly each: string;
  build(native: never, identity: string): Projected<N> | undefined;
}

/**
 * An object is made of all the natives that contribute to its key. A native's contribution is kept, the native is not: say no
 * more than `build` needs. When the last contribution goes, the object goes, at once or after a while.
 */
export interface GroupProjection<N extends ObjectName> {
  readonly contribute: Readonly<
    Record<string, (native: never, identity: string) => Iterable<readonly [key: string, contribution: unknown]>>
  >;
  build(key: string, contributions: readonly unknown[]): Projected<N> | undefined;
  /** How long the object stays as it was when the last contribution has gone, milliseconds; it goes at once if absent. */
  readonly lingers?: number;
}

/** The objects an instance may hold, and how each is made. */
export type Projections = { readonly [N in ObjectName]?: EachProjection<N> | GroupProjection<N> };

/** How a call reaches a port: when to give up, and for whom. */
export interface PortCall {
  readonly signal: AbortSignal;
  readonly scope: Scope;
}

/** The object a write is for. */
export interface Target<N extends ObjectName = ObjectName> {
  readonly id: string;
  /** The backend's own identity of it. */
  readonly identity: string;
  readonly value: ValueOf<N>;
}

/**
 * What the backend answered to a write: fed back at once, so that the caller reads what it wrote. Its natives are plain data
 * (JSON): the process that watches the backend may be another one.
 */
export interface Written {
  readonly events: readonly NativeEvent[];
  /** Native identity (projection key) of the object that was created or changed. */
  readonly identity: string;
}

/**
 * Writes of one object; a method that is present is the verb. Values are partial models and patches are merge-patches; beside
 * each id of another object of this instance stands its native identity (`resourcePoolId`, `resourcePoolIdentity`).
 */
export interface WritePort<N extends ObjectName = ObjectName> {
  create?(call: PortCall, value: Readonly<Record<string, unknown>>, tenant: string | null): Promise<Written>;
  update?(call: PortCall, target: Target<N>, patch: Readonly<Record<string, unknown>>): Promise<Written>;
  scale?(call: PortCall, target: Target<N>, size: number): Promise<Written>;
  delete?(call: PortCall, target: Target<N>): Promise<Written>;
}

export type Ports = { readonly [N in ObjectName]?: WritePort<N> };

/** What an adapter is given about its place in the gateway. */
export interface ConnectContext {
  /** The instance's immutable key. */
  readonly key: string;
  readonly oCloudId: string;
  /** UUIDv5 (RFC 9562) of an object of this instance from its native identity: lowercase, stable over restarts. */
  idOf(object: ObjectName, identity: string): string;
  /** Site and location of a zone, from the configuration; the `default` site where the zone is unknown. */
  siteOf(zone: string | undefined): { readonly oCloudSiteId: string; readonly globalLocationId: string };
  /** For events worth an operator's eye: never credentials. */
  log(level: 'info' | 'warn', message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Folder of this instance alone, for what its backend must keep beside the store; undefined with `--memory`. */
  readonly dataDirectory?: string;
}

/** A live connection to one backend instance. Exactly one of `watch` and `list` is present. */
export interface Connection {
  /** Streams until the signal aborts or a fault is thrown; the caller restarts it with the last cursor and backs off. */
  watch?(signal: AbortSignal, cursor: Cursor | undefined): AsyncIterable<NativeBatch>;
  /** One full read of every kind; the kit calls it every `pollInterval`. */
  list?(signal: AbortSignal): AsyncIterable<NativeBatch>;
  /** Milliseconds between two `list` calls. */
  readonly pollInterval?: number;
  /** URLs of servers it calls that its configuration does not hold itself: no tenant may make the gateway call them. */
  readonly servers?: readonly string[];
  readonly project: Projections;
  readonly ports: Ports;
  /** Whether version `a` is newer than `b`, where the backend's versions are ordered. */
  newer?(a: string, b: string): boolean;
  close(): Promise<void>;
}

/** A kind of backend. A new one is a folder with this in it and one line in `adapters/index.ts`. */
export interface Adapter<C extends z.ZodType = z.ZodType> {
  readonly type: string;
  readonly title: string;
  /** Its part of an instance's configuration. */
  readonly config: C;
  /** Hash-relevant mark of the mapping: raise it when `project` makes other values from the same natives. */
  readonly mapping: number;
  connect(config: z.output<C>, context: ConnectContext): Promise<Connection>;
}
