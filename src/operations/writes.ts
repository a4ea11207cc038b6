import { Fault, notFound } from '#schema/errors.js';
import type { ObjectName } from '#schema/objects.js';
import { later, type Position } from '#schema/position.js';
import type { PortCall, Target, WritePort, Written } from '#adapters/contract.js';
import { objectId } from '#adapters/kit/identity.js';
import type { Registry } from '#adapters/registry.js';
import { firstToTake, type Routing } from '#adapters/routing.js';
import type { Watching } from '#subscriptions/watching.js';
import type { Row } from '../inventory/row.js';
import { demandBounded } from './bounded.js';
import { demandExpected, type Extent } from './expected-state.js';
import type { Call, WrittenAnswer } from './operation.js';
import { nativeReferences, type Values } from './references.js';
import { takersOf } from './takers.js';

/** The way of a write: to the port of the right instance, and what it answers back through the feed into the view. */
export interface Writes {
  create(call: Call, object: ObjectName, value: Values): Promise<WrittenAnswer>;
  update(call: Call, object: ObjectName, id: string, patch: Values): Promise<WrittenAnswer>;
  scale(call: Call, object: ObjectName, id: string, size: number): Promise<WrittenAnswer>;
  delete(call: Call, object: ObjectName, id: string): Promise<WrittenAnswer>;
}

interface Surroundings {
  readonly registry: Registry;
  readonly routing: Routing;
  readonly oCloudId: string;
  readonly watching: Pick<Watching, 'observe'>;
}

export function writes(around: Surroundings): Writes {
  const onExisting = async (call: Call, object: ObjectName, id: string, method: keyof WritePort, send: SendTo) => {
    const row = changeable(call, object, id, method === 'scale' ? 'whole' : 'place');
    const target: Target = { id: row.id, identity: row.identity, value: row.value as never };
    const to = { object, instance: row.instance, method };
    return through(around, call, to, (port, portCall) => send(port, portCall, target, row));
  };
  return {
    async create(call, object, value) {
      demandBounded(value);
      const tenant = call.scope.tenant ?? null;
      return firstToTake(takersOf(call, around.registry, around.routing, object, value), (instance) => {
        const references = nativeReferences(call, object, value, instance);
        const to = { object, instance, method: 'create' } as const;
        return through(around, call, to, (port, at) => port.create!(at, { ...value, ...references }, tenant));
      });
    },
    update: (call, object, id, patch) =>
      onExisting(call, object, id, 'update', (port, at, target, { instance, value }) => {
        demandBounded(patch, value);
        return port.update!(at, target, { ...patch, ...nativeReferences(call, object, patch, instance) });
      }),
    scale: (call, object, id, size) =>
      onExisting(call, object, id, 'scale', (port, at, target) => port.scale!(at, target, size)),
    delete: (call, object, id) =>
      onExisting(call, object, id, 'delete', (port, at, target) => port.delete!(at, target)),
  };
}

type SendTo = (port: WritePort, portCall: PortCall, target: Target, row: Row) => Promise<Written>;

interface Destination {
  readonly object: ObjectName;
  readonly instance: string;
  readonly method: keyof WritePort;
}

/** To the backend and back: the caller is answered when the view holds what the backend said. */
async function through(
  { registry, oCloudId, watching }: Surroundings,
  call: Call,
  { object, instance, method }: Destination,
  send: (port: WritePort, portCall: PortCall) => Promise<Written>,
): Promise<WrittenAnswer> {
  const port = registry.port(instance, object);
  if (!port?.[method]) throw new Fault('UNSUPPORTED', `The backend '${instance}' cannot ${method} a ${object}.`);
  const began = Date.now();
  const written = await registry.guard(instance, call.signal, (signal) => send(port, { signal, scope: call.scope }));
  const observed = await watching.observe(instance, written.events, call.signal, began);
  if (observed.position) await call.view.reached(observed.position, call.signal);
  const position = observed.position ?? call.view.position();
  return answer(call, object, objectId(oCloudId, instance, object, written.identity), position);
}

function answer(call: Call, object: ObjectName, id: string, position: Position): WrittenAnswer {
  const row = call.view.get(call.scope, object, id);
  if (!row) return { kind: 'written', id, position, gaps: [] };
  return { kind: 'written', id, row, position: later(row.position, position), gaps: [] };
}

/** The object a write is for; another tenant's is as absent as none, a shared one may be changed by system roles only. */
function changeable(call: Call, object: ObjectName, id: string, extent: Extent): Row {
  const row = call.view.get(call.scope, object, id);
  if (!row) {
    call.knows(object);
    throw notFound(object, id);
  }
  if (call.scope.tenant !== undefined && row.tenant === null) {
    throw new Fault('FORBIDDEN', `${object} '${id}' is shared by all tenants; only roles without a tenant change it.`);
  }
  const { key, nested } = call.view.kind(object).definition;
  if (nested !== undefined && !(call.view.kind(object).get(id)?.value[key] === id)) {
    throw new Fault('UNSUPPORTED', `${object} '${id}' is part of another ${object}; change that one.`);
  }
  // As the view has it: most backends cannot be asked to change only what is still as it was.
  demandExpected(call, row, extent);
  return row;
}
