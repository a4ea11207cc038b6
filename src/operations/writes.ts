import { Fault } from '#schema/errors.js';
import { invalid, notFound } from '#schema/errors.js';
import type { ObjectName } from '#schema/objects.js';
import { formatPosition, later, type Position } from '#schema/position.js';
import type { PortCall, Target, WritePort, Written } from '#adapters/contract.js';
import { objectId } from '#adapters/kit/identity.js';
import type { Registry } from '#adapters/registry.js';
import { NothingSent } from '#adapters/kit/guard.js';
import { firstToTake, type Routing } from '#adapters/routing.js';
import type { Watcher } from '#subscriptions/watcher.js';
import type { Row } from '../inventory/row.js';
import type { Call, WrittenAnswer } from './operation.js';

type Method = keyof WritePort;
type Values = Readonly<Record<string, unknown>>;

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
  watcher(instance: string): Watcher;
}

export function writes({ registry, routing, oCloudId, watcher }: Surroundings): Writes {
  async function through(
    call: Call,
    object: ObjectName,
    instance: string,
    method: Method,
    send: (port: WritePort, portCall: PortCall) => Promise<Written>,
  ): Promise<Outcome> {
    const port = portFor(registry, instance, object, method);
    const written = await registry.guard(instance, call.signal, (signal) => send(port, { signal, scope: call.scope }));
    const observed = await watcher(instance).observe(written.events);
    if (observed.position) await call.view.reached(observed.position, call.signal);
    const position = observed.position ?? call.view.position();
    return { id: objectId(oCloudId, instance, object, written.identity), position };
  }

  async function onExisting(
    call: Call,
    object: ObjectName,
    id: string,
    method: Method,
    send: (port: WritePort, portCall: PortCall, target: Target) => Promise<Written>,
  ) {
    const row = visible(call, object, id);
    const target: Target = { id: row.id, identity: row.identity, value: row.value as never };
    const outcome = await through(call, object, row.instance, method, (port, portCall) => send(port, portCall, target));
    return { row, outcome };
  }

  return {
    async create(call, object, value) {
      const tenant = call.scope.tenant ?? null;
      const outcome = await firstToTake(takersOf(call, registry, routing, object, value), (instance) => {
        const references = nativeReferences(call, object, value, instance);
        return through(call, object, instance, 'create', (port, portCall) =>
          port.create!(portCall, { ...value, ...references }, tenant),
        );
      });
      return answer(call, object, outcome);
    },
    async update(call, object, id, patch) {
      const before = visible(call, object, id);
      const references = nativeReferences(call, object, patch, before.instance);
      const { outcome } = await onExisting(call, object, id, 'update', (port, portCall, target) =>
        port.update!(portCall, target, { ...patch, ...references }),
      );
      return answer(call, object, outcome);
    },
    async scale(call, object, id, size) {
      const { outcome } = await onExisting(call, object, id, 'scale', (port, portCall, target) =>
        port.scale!(portCall, target, size),
      );
      return answer(call, object, outcome);
    },
    async delete(call, object, id) {
      const { outcome } = await onExisting(call, object, id, 'delete', (port, portCall, target) =>
        port.delete!(portCall, target),
      );
      return { kind: 'written', id, position: outcome.position, gaps: [] };
    },
  };
}

interface Outcome {
  readonly id: string;
  readonly position: Position;
}

function answer(call: Call, object: ObjectName, { id, position }: Outcome): WrittenAnswer {
  const row = call.view.get(call.scope, object, id);
  return {
    kind: 'written',
    id,
    position: row ? later(row.position, position) : position,
    gaps: [],
    ...(row ? { row } : {}),
  };
}

/** The object a write is for; another tenant's is as absent as none, a shared one may be changed by system roles only. */
function visible(call: Call, object: ObjectName, id: string): Row {
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
  return row;
}

function portFor(registry: Registry, instance: string, object: ObjectName, method: Method): WritePort {
  const port = registry.port(instance, object);
  if (!port?.[method]) throw new Fault('UNSUPPORTED', `The backend '${instance}' cannot ${method} a ${object}.`);
  return port;
}

/** The instances to ask for a new object: that of the object it is listed under, else those of the routing rules. */
function takersOf(
  call: Call,
  registry: Registry,
  routing: Routing,
  object: ObjectName,
  value: Values,
): readonly string[] {
  const { parent, relations } = call.view.kind(object).definition;
  const relation = Object.values(relations).find((each) => each.kind === 'one' && each.via === parent);
  if (parent !== undefined && relation)
    return [referenced(call, relation.to as ObjectName, value[parent], parent).instance];
  const [able, absent] = [registry.able(object, 'create'), registry.absent()];
  const takers = routing.forCreate(object, value, { able, absent });
  const references = referencesOf(call, object, value);
  // A backend that does not know what the value refers to cannot take over.
  const takesOver = (instance: string) => !references.some(([, row]) => isForeign(row, instance));
  if (takers.length > 0) return takers.filter((each, at) => at === 0 || takesOver(each));
  if (able.length > 0)
    throw new Fault(
      'UNPROCESSABLE',
      `No routing rule says where this ${object} goes; backends that could take it: ${able.join(', ')}.`,
    );
  if (absent.length > 0)
    throw new NothingSent(`No connected backend can create a ${object}; away: ${absent.join(', ')}.`, 5);
  throw new Fault('UNSUPPORTED', `No backend of this gateway can create a ${object}.`);
}

/** Native identities of the objects a value refers to, `<attribute>Identity` beside each id: ports know no ids of ours. */
function nativeReferences(call: Call, object: ObjectName, value: Values, instance: string): Values {
  const references: Record<string, unknown> = {};
  for (const [via, row] of referencesOf(call, object, value)) {
    if (row.instance === instance) references[`${via.replace(/Id$/, '')}Identity`] = row.identity;
    else if (isForeign(row, instance))
      throw invalid(`${row.object} '${row.id}' belongs to another backend than this ${object}.`, via);
  }
  return references;
}

/** The objects a value refers to, by the attribute that holds the id. */
function referencesOf(call: Call, object: ObjectName, value: Values): readonly (readonly [via: string, row: Row])[] {
  return Object.values(call.view.kind(object).definition.relations).flatMap((relation) => {
    if (relation.kind !== 'one' || value[relation.via] === undefined) return [];
    return [[relation.via, referenced(call, relation.to as ObjectName, value[relation.via], relation.via)] as const];
  });
}

/** What the configuration holds belongs to all. */
function isForeign(row: Row, instance: string): boolean {
  return row.instance !== instance && row.instance !== '$configuration';
}

function referenced(call: Call, object: ObjectName, id: unknown, at: string): Row {
  const row = typeof id === 'string' ? call.view.get(call.scope, object, id) : undefined;
  if (row) return row;
  call.knows(object);
  throw new Fault('UNPROCESSABLE', `There is no ${object} '${String(id)}'.`, { at });
}

/** The position of an answer as text, for whoever reads on from it. */
export function positionOf(written: WrittenAnswer): string {
  return formatPosition(written.position);
}
