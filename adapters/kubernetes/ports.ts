import { Fault } from '#schema/errors.js';
import type { PortCall, Target, WritePort, Written } from '../contract.js';
import { type NativeNode, slimNode } from './natives/node.js';
import type { PoolChain } from './project/pools/chain.js';
import { isLabelValue } from './project/pools/pool.js';
import { readJson, type Request } from './reflector/request.js';
import { asFault } from './refusal.js';

/** What may be written of a node. `resourcePoolIdentity` is the key of the pool that `resourcePoolId` stands for. */
interface NodePatch {
  readonly resourcePoolIdentity?: string;
  readonly administrativeState?: 'locked' | 'unlocked';
}

interface Writer {
  readonly request: Request;
  readonly chain: PoolChain;
  readonly poolLabel: string;
  /** Milliseconds. */
  readonly answerWithin: number;
}

/** Moves nodes between pools by our own label, and locks (cordons) or unlocks them. Everything else is the kubelet's. */
export function nodePort(writer: Writer): WritePort {
  return {
    async update(call, target, patch) {
      const wanted = wantedOf(patch);
      const name = nameOf(target);
      try {
        const before = await read(writer, call, name, target.identity);
        const changes = changesOf(writer, before, wanted, target.identity);
        if (!changes) return written(before);
        return written(await send(writer, call, name, changes));
      } catch (fault) {
        throw asFault(fault, `node '${name}'`, call.signal);
      }
    },
  };
}

const writable = new Set(['resourcePoolId', 'resourcePoolIdentity', 'administrativeState']);

function wantedOf(patch: Readonly<Record<string, unknown>>): NodePatch {
  const other = Object.keys(patch).find((attribute) => !writable.has(attribute));
  if (other !== undefined) {
    throw new Fault(
      'UNSUPPORTED',
      `'${other}' of a Kubernetes node cannot be written; its pool and administrativeState can.`,
      { at: other },
    );
  }
  const { resourcePoolId, resourcePoolIdentity: pool } = patch;
  if (pool === undefined && resourcePoolId !== undefined) {
    throw new Fault('UNPROCESSABLE', `'${String(resourcePoolId)}' is no pool of this cluster.`, {
      at: 'resourcePoolId',
    });
  }
  if (pool !== undefined && !(typeof pool === 'string' && isLabelValue(pool))) {
    throw new Fault('UNPROCESSABLE', 'A node cannot be moved into that pool: its key is no label value.', {
      at: 'resourcePoolId',
    });
  }
  return patch as NodePatch;
}

function nameOf({ identity, value }: Target): string {
  const { extensions = {} } = value as { extensions?: Record<string, unknown> };
  if (identity.includes('/') || typeof extensions['name'] !== 'string') {
    throw new Fault('UNSUPPORTED', 'Only a node can be written, not an element of it.');
  }
  return extensions['name'];
}

/** The node as it is now; a node that was deleted and created again under its name is not the one that was meant. */
async function read(
  { request, answerWithin }: Writer,
  { signal }: PortCall,
  name: string,
  uid: string,
): Promise<NativeNode> {
  const node = (await readJson(await request({ path: pathOf(name), signal, answerWithin }))) as NativeNode;
  if (node.metadata.uid !== uid)
    throw new Fault('NOT_FOUND', `Node '${name}' was replaced by another of the same name.`);
  return node;
}

/** The merge patch, guarded by the UID; undefined when the node is already as wanted. */
function changesOf(
  { chain, poolLabel }: Writer,
  before: NativeNode,
  wanted: NodePatch,
  uid: string,
): object | undefined {
  const { resourcePoolIdentity: pool, administrativeState } = wanted;
  const node = slimNode(before);
  const label = pool === undefined ? node.labels[poolLabel] : chain.withoutLabel(node).key === pool ? undefined : pool;
  const cordoned = administrativeState === undefined ? node.cordoned : administrativeState === 'locked';
  if (label === node.labels[poolLabel] && cordoned === node.cordoned) return undefined;
  return {
    metadata: { uid, ...(label === node.labels[poolLabel] ? {} : { labels: { [poolLabel]: label ?? null } }) },
    ...(cordoned === node.cordoned ? {} : { spec: { unschedulable: cordoned || null } }),
  };
}

async function send(
  { request, answerWithin }: Writer,
  { signal }: PortCall,
  name: string,
  changes: object,
): Promise<NativeNode> {
  const path = `${pathOf(name)}?fieldManager=netweave`;
  return (await readJson(
    await request({ method: 'PATCH', path, patch: JSON.stringify(changes), signal, answerWithin }),
  )) as NativeNode;
}

function pathOf(name: string): string {
  return `/api/v1/nodes/${encodeURIComponent(name)}`;
}

function written(node: NativeNode): Written {
  const { uid, resourceVersion } = node.metadata;
  const event = {
    type: 'upsert',
    kind: 'Node',
    identity: uid,
    native: slimNode(node),
    version: resourceVersion,
  } as const;
  return { events: [event], identity: uid };
}
