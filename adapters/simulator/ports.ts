import { isDeepStrictEqual } from 'node:util';
import { Fault } from '#schema/errors.js';
import type { PortCall, Ports, Target, WritePort, Written } from '../contract.js';
import type { HttpClient } from '../kit/http-client.js';
import type { WriteAnswer } from './o-cloud/api.js';
import { poolFacts } from './project.js';
import { equipmentFacts } from './project-equipment.js';
import { eventsOf } from './read.js';

type Values = Readonly<Record<string, unknown>>;

/** Writes of pools and resources. What the O-Cloud answers is what it changed: it is fed back as it is. */
export function writePorts(client: HttpClient): Ports {
  return { ResourcePool: poolPort(client), Resource: resourcePort(client) };
}

function poolPort(client: HttpClient): WritePort {
  return {
    create: async (call, value, owner) => write(client, call, 'POST', '/v1/pools', { ...poolBody(value), owner }),
    update: async (call, target, patch) => write(client, call, 'PATCH', at('pools', target), poolBody(patch, target)),
    scale: async (call, target, count) => write(client, call, 'POST', `${at('pools', target)}/resize`, { count }),
    delete: async (call, target) => write(client, call, 'DELETE', at('pools', target)),
  };
}

function resourcePort(client: HttpClient): WritePort {
  return {
    create: async (call, value, owner) =>
      write(client, call, 'POST', '/v1/equipment', {
        ...equipmentBody(value),
        model: native(value, 'resourceTypeId'),
        ...(owner === null ? {} : { owner }),
      }),
    update: async (call, target, patch) => {
      const type = patch['resourceTypeId'];
      if (type !== undefined && type !== target.value['resourceTypeId' as never]) {
        throw new Fault('UNPROCESSABLE', 'A resource keeps its type; delete it and create another.', {
          at: 'resourceTypeId',
        });
      }
      return write(client, call, 'PATCH', at('equipment', target), equipmentBody(patch, target));
    },
    delete: async (call, target) => write(client, call, 'DELETE', at('equipment', target)),
  };
}

async function write(
  client: HttpClient,
  { signal }: PortCall,
  method: string,
  path: string,
  body?: unknown,
): Promise<Written> {
  const answer = (await client.call(method, path, { signal, body })).body as Partial<WriteAnswer> | undefined;
  if (typeof answer?.id !== 'string' || !Array.isArray(answer.changes)) {
    throw new Fault('BACKEND_FAILED', `The O-Cloud answered ${method} ${path} without saying what changed.`);
  }
  return { events: eventsOf(answer.changes), identity: answer.id };
}

function at(kind: 'pools' | 'equipment', target: Target): string {
  return `/v1/${kind}/${encodeURIComponent(target.identity)}`;
}

function poolBody(value: Values, target?: Target): Values {
  return {
    name: value['name'],
    summary: value['description'],
    site: native(value, 'oCloudSiteId'),
    place: value['location'],
    attributes: attributes(value, poolFacts, target),
  };
}

function equipmentBody(value: Values, target?: Target): Values {
  const state = value['administrativeState'];
  return {
    pool: native(value, 'resourcePoolId'),
    summary: value['description'],
    tags: value['tags'],
    groups: value['groups'],
    assetTag: value['globalAssetId'],
    locked: state === undefined ? undefined : state === 'locked',
    attributes: attributes(value, equipmentFacts, target),
  };
}

/** The native identity of what an attribute refers to: the gate puts it beside the id, `resourcePoolIdentity`. */
function native(value: Values, attribute: string): unknown {
  if (value[attribute] === undefined) return undefined;
  const identity = value[attribute.replace(/Id$/, 'Identity')];
  if (identity === undefined)
    throw new Fault('UNPROCESSABLE', `'${String(value[attribute])}' is not of this O-Cloud.`, { at: attribute });
  return identity;
}

/** The extensions a consumer may write. The O-Cloud's own may come back as they were shown, but not changed. */
function attributes(value: Values, facts: readonly string[], target: Target | undefined): Values | undefined {
  const extensions = value['extensions'] as Values | undefined;
  if (extensions === undefined) return undefined;
  const shown = (target?.value as { readonly extensions?: Values } | undefined)?.extensions ?? {};
  const changed = facts.find((fact) => fact in extensions && !isDeepStrictEqual(extensions[fact], shown[fact]));
  if (changed !== undefined) {
    throw new Fault('UNPROCESSABLE', `The O-Cloud itself says what '${changed}' is.`, { at: `extensions.${changed}` });
  }
  return Object.fromEntries(Object.entries(extensions).filter(([key]) => !facts.includes(key)));
}
