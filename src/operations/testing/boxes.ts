import { z } from 'zod';
import { Fault } from '#schema/errors.js';
import type { ObjectName } from '#schema/objects.js';
import type { NativeBatch, NativeEvent, Target, WritePort, Written } from '#adapters/contract.js';
import { defineAdapter } from '#adapters/define.js';
import { objectId } from '#adapters/kit/identity.js';

export const oCloudId = '5b1f6f8c-6c3e-4d0c-9a51-3f3b8a1f0e11';
export const idOf = (instance: string, object: ObjectName, identity: string) => {
  return objectId(oCloudId, instance, object, identity);
};

/** A pool as the backend of these tests has it. */
interface Pool {
  readonly name: string;
  readonly owner: string | null;
  readonly size: number;
}

/** What backends were asked, for the tests to look at. */
export const asked: { instance: string; method: string; values: unknown }[] = [];

function poolOf({ name, owner, size }: Pool) {
  const description = `${size} boxes`;
  return { value: { name, description, oCloudSiteId: 's', oCloudId, globalLocationId: 'l' }, tenant: owner };
}

/** The one resource of a pool, with a part in it. */
function boxOf(instance: string, pool: string) {
  const place = { resourcePoolId: idOf(instance, 'ResourcePool', pool), resourceTypeId: 't', tags: [], groups: [] };
  const part = { ...place, resourceId: idOf(instance, 'Resource', `${pool}/part`), description: 'part', elements: [] };
  return { ...place, description: `box of ${pool}`, elements: [part] };
}

type Values = Readonly<Record<string, unknown>>;

class PoolPort implements Required<WritePort> {
  readonly pools = new Map<string, Pool>([
    ['shared', { name: 'shared', owner: null, size: 2 }],
    ['red', { name: 'red', owner: 'red', size: 1 }],
  ]);
  readonly #instance: string;

  constructor(instance: string) {
    this.#instance = instance;
  }

  create(_: unknown, values: Values, owner: string | null): Promise<Written> {
    const name = String(values['name']);
    if (name === 'taken') return Promise.reject(new Fault('CONFLICT', 'There is one.'));
    return this.#put('create', values, name, { name, owner, size: 0 });
  }

  update(_: unknown, { identity }: Target, patch: Values): Promise<Written> {
    return this.#put('update', patch, identity, { ...this.pools.get(identity)!, ...patch });
  }

  scale(_: unknown, { identity }: Target, size: number): Promise<Written> {
    return this.#put('scale', size, identity, { ...this.pools.get(identity)!, size });
  }

  delete(_: unknown, { identity }: Target): Promise<Written> {
    asked.push({ instance: this.#instance, method: 'delete', values: identity });
    this.pools.delete(identity);
    return Promise.resolve({ identity, events: [{ type: 'delete', kind: 'pool', identity }] });
  }

  upsert(identity: string): NativeEvent {
    return { type: 'upsert', kind: 'pool', identity, native: this.pools.get(identity)! };
  }

  #put(method: string, values: unknown, identity: string, pool: Pool): Promise<Written> {
    asked.push({ instance: this.#instance, method, values });
    this.pools.set(identity, pool);
    return Promise.resolve({ identity, events: [this.upsert(identity)] });
  }
}

/** Holds pools with a box each. `cannot` names verbs of pools that it lacks; a silent one is never read. */
export const boxes = defineAdapter({
  type: 'boxes',
  title: 'Boxes',
  config: z.object({ cannot: z.array(z.string()).default([]), silent: z.boolean().default(false) }),
  mapping: 1,
  connect({ cannot, silent }, { key }) {
    const port = new PoolPort(key);
    const verbs = (['create', 'update', 'scale', 'delete'] as const).filter((verb) => !cannot.includes(verb));
    return Promise.resolve({
      async *watch(signal): AsyncGenerator<NativeBatch> {
        const events = [...port.pools.keys()].map((identity) => port.upsert(identity));
        const kind = 'pool';
        if (!silent) yield { events: [{ type: 'begin', kind }, ...events, { type: 'complete', kind }], cursor: {} };
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      },
      project: {
        ResourcePool: { each: 'pool', build: poolOf },
        Resource: {
          each: 'pool',
          build: ({ owner }: Pool, identity: string) => ({ value: boxOf(key, identity), tenant: owner }),
        },
      },
      ports: { ResourcePool: Object.fromEntries(verbs.map((verb) => [verb, port[verb].bind(port)])) },
      close: () => Promise.resolve(),
    });
  },
});
