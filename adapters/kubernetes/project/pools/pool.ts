import { createHash } from 'node:crypto';
import type { SlimNode } from '../../natives/node.js';
import type { Identified } from '../../reflector/source.js';

/** A pool as its provider describes it: a function of the provider and the key alone. */
export interface Pool {
  /** Identity of the pool, and at the same time a valid label value: the own label can name every pool there is. */
  readonly key: string;
  readonly name: string;
  readonly description: string;
  /** Where it stands, if the provider knows; else the zones of its nodes decide. */
  readonly zone?: string;
  readonly extensions: Readonly<Record<string, string>>;
}

/** One way of telling pools. Providers are asked in order; the first that answers has the node. */
export interface PoolProvider {
  readonly name: string;
  poolOf(node: SlimNode): Pool | undefined;
  /** The pool that a key names, where the key tells enough: for nodes that were moved in by the own label. */
  describe?(key: string): Pool | undefined;
  /** Kinds that are pools themselves (MachineSet, NodePool …): such a pool is listed while it has no node, too. */
  readonly kinds?: readonly PoolKind[];
}

/** A kind of custom resources that are pools. It is watched beside Node; where it is absent, it is named stale. */
export interface PoolKind {
  readonly kind: string;
  readonly path: string;
  slim(native: Identified): unknown;
  poolOf(slim: never): Pool;
}

const longest = 63;
const hashLength = 16;
const labelValue = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const hashed = new RegExp(`\\.\\.[0-9a-f]{${hashLength}}$`);

/** Joins parts to a key. What is too long for a label value is cut and ends in `..` and a hash of the whole. */
export function poolKey(...parts: readonly string[]): string {
  const text = parts.map((part) => part.replaceAll('/', '_')).join('.');
  if (isLabelValue(text)) return text;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, hashLength);
  const room = longest - hashLength - 2;
  return `${text
    .replace(/[^A-Za-z0-9._-]/g, '_')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, room)}..${hash}`;
}

/** The part of a key after `prefix`; undefined where the key is another's, or was cut and does not tell. */
export function partAfter(prefix: string, key: string): string | undefined {
  return key.startsWith(prefix) && key.length > prefix.length && !hashed.test(key)
    ? key.slice(prefix.length)
    : undefined;
}

export function isLabelValue(text: string): boolean {
  return labelValue.test(text);
}
