import { hash } from 'node:crypto';
import type { ObjectDefinition } from '#schema/object.js';
import type { ObjectName } from '#schema/objects.js';
import type { Value } from '#schema/change.js';
import type { Projected } from '../contract.js';
import { objectId } from './identity.js';
import type { ObjectEvent, Refused } from './materialise.js';
import { Refusals } from './refusals.js';

interface Made {
  readonly id: string;
  /** 48 bits of the hash of what was emitted last; NaN after a refusal. */
  digest: number;
  version: string | undefined;
}

/** What was made so far of one object, by native identity, and what is to be told of it. */
export class MadeObjects {
  readonly object: ObjectName;
  /** Ids of everything made. */
  readonly ids = new Set<string>();
  /** Objects that are not as their natives say, because these are no good. */
  readonly refusals = new Refusals();
  readonly #made = new Map<string, Made>();
  readonly #definition: ObjectDefinition;
  readonly #idOf: (identity: string) => string;
  readonly #refused: Refused;
  #out: ObjectEvent[] = [];

  constructor(oCloudId: string, instance: string, definition: ObjectDefinition, refused: Refused) {
    this.object = definition.name as ObjectName;
    this.#definition = definition;
    this.#idOf = (identity) => objectId(oCloudId, instance, this.object, identity);
    this.#refused = refused;
  }

  /** Projects anew; what cannot be made of the native, or is not as modelled, leaves the object as it was. */
  make(
    identity: string,
    build: () => Projected | undefined,
    mark: { readonly version?: string; readonly listed?: true },
  ): void {
    let projected: (Omit<Projected, 'value'> & { readonly value: Value }) | undefined;
    const id = this.#made.get(identity)?.id ?? this.#idOf(identity);
    try {
      projected = build();
      if (projected) projected = { tenant: projected.tenant, value: this.#validated(id, projected.value) };
    } catch (fault) {
      this.refusals.add(identity, fault);
      this.#refused(this.object, identity, fault);
      this.#remember(identity, { id, digest: NaN, version: undefined });
      return;
    }
    this.refusals.clear(identity);
    if (projected) this.#set(id, identity, projected, mark);
    else if (this.#made.has(identity)) this.drop(identity, mark);
  }

  /** Says that the object is gone, even if it was not made here: another process, or an earlier run, may have made it. */
  drop(identity: string, { version, listed }: { readonly version?: string; readonly listed?: true }): void {
    const id = this.#made.get(identity)?.id ?? this.#idOf(identity);
    this.forget(identity);
    this.#out.push({
      type: 'delete',
      object: this.object,
      id,
      ...(version !== undefined && { version }),
      ...(listed && { listed }),
    });
  }

  /** What a full list no longer names: said by `complete` as a whole, so that a mass loss can be held back. */
  forget(identity: string): void {
    const made = this.#made.get(identity);
    if (made) this.ids.delete(made.id);
    this.#made.delete(identity);
    this.refusals.clear(identity);
  }

  /** Of a native that would be part of objects: nobody knows of which. */
  refuse(identity: string, fault: unknown): void {
    this.#refused(this.object, identity, fault);
  }

  has(identity: string): boolean {
    return this.#made.has(identity);
  }

  drain(): readonly ObjectEvent[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  #validated(id: string, value: object): Value {
    const { key, model } = this.#definition;
    return model.parse({ [key]: id, ...value }) as Value;
  }

  #set(
    id: string,
    identity: string,
    { tenant, value }: { readonly tenant: string | null; readonly value: Value },
    { version, listed }: { readonly version?: string; readonly listed?: true },
  ): void {
    const digest = digestOf(JSON.stringify([tenant, value]));
    const before = this.#made.get(identity);
    if (before?.digest === digest && before.version === version) return;
    this.#remember(identity, { id, digest, version });
    this.#out.push({
      type: 'upsert',
      object: this.object,
      id,
      identity,
      tenant,
      value,
      ...(version !== undefined && { version }),
      ...(listed && { listed }),
    });
  }

  #remember(identity: string, made: Made): void {
    this.#made.set(identity, made);
    this.ids.add(made.id);
  }
}

function digestOf(text: string): number {
  return hash('sha1', text, 'buffer').readUIntBE(0, 6);
}
