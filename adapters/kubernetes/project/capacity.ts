import { architectureOf, operatingSystemOf, type SlimNode, zoneOf } from '../natives/node.js';
import { formatBytes, formatCores, isPositive, parseQuantity } from '../natives/quantity.js';

/** What a node adds to its cluster: numbers, and one text (of few different ones) for what is looked into only once. */
export interface NodeShare {
  /** Thousandths, so that sums stay exact. */
  readonly cores: number;
  readonly memory: number;
  readonly storage: number;
  readonly pods: number;
  /** JSON of `Traits`. */
  readonly traits: string;
}

type Traits = readonly [
  zone: string | null,
  architecture: string,
  operatingSystem: string,
  counted: readonly (readonly [resource: string, amount: number])[],
];

/** What the nodes of a cluster have together. */
export interface Capacity {
  /** In Kubernetes' notation, by resource; `nodes` is their number. */
  readonly quantities: Record<string, string>;
  readonly zones: readonly (string | undefined)[];
  readonly architectures: readonly string[];
  readonly operatingSystems: readonly string[];
  readonly devices: readonly string[];
  /** Page sizes: `1Gi`. */
  readonly hugePages: readonly string[];
}

const hugePages = 'hugepages-';
const isCounted = (resource: string) => resource.includes('/') || resource.startsWith(hugePages);

/**
 * Makes shares; equal ones are one object, and equal traits one string. By that the kit knows that a node whose label changed
 * adds what it did: else every change of a node would have the shares of all nodes added up anew.
 */
export function createShareOf(): (node: SlimNode) => NodeShare {
  const byTraits = new Map<string, { readonly traits: string; readonly shares: Map<string, NodeShare> }>();
  return (node) => {
    const text = traitsOf(node);
    let alike = byTraits.get(text);
    if (!alike) byTraits.set(text, (alike = { traits: text, shares: new Map() }));
    const { traits, shares } = alike;
    const amounts = amountsCounted.map((resource) => node.capacity[resource]).join();
    let share = shares.get(amounts);
    if (!share) shares.set(amounts, (share = shareOf(node.capacity, traits)));
    return share;
  };
}

const amountsCounted = ['cpu', 'memory', 'ephemeral-storage', 'pods'];

function shareOf(capacity: SlimNode['capacity'], traits: string): NodeShare {
  return {
    cores: Math.round(parseQuantity(capacity['cpu']) * 1000),
    memory: parseQuantity(capacity['memory']),
    storage: parseQuantity(capacity['ephemeral-storage']),
    pods: parseQuantity(capacity['pods']),
    traits,
  };
}

function traitsOf(node: SlimNode): string {
  const counted = Object.keys(node.capacity)
    .filter((resource) => isCounted(resource) && isPositive(node.capacity[resource]))
    .sort()
    .map((resource) => [resource, parseQuantity(node.capacity[resource])] as const);
  const traits: Traits = [zoneOf(node) ?? null, architectureOf(node), operatingSystemOf(node), counted];
  return JSON.stringify(traits);
}

/** One pass of additions over the nodes; of the traits only the few different ones are looked into. */
export function addUp(shares: readonly NodeShare[]): Capacity {
  let [cores, memory, storage, pods] = [0, 0, 0, 0];
  const nodesWith = new Map<string, number>();
  for (const share of shares) {
    cores += share.cores;
    memory += share.memory;
    storage += share.storage;
    pods += share.pods;
    nodesWith.set(share.traits, (nodesWith.get(share.traits) ?? 0) + 1);
  }
  const groups = [...nodesWith].map(([text, nodes]) => ({ nodes, traits: JSON.parse(text) as Traits }));
  const amounts = new Map<string, number>();
  for (const { nodes, traits } of groups) {
    for (const [resource, amount] of traits[3]) amounts.set(resource, (amounts.get(resource) ?? 0) + amount * nodes);
  }
  const counted = [...amounts].sort(([a], [b]) => (a < b ? -1 : 1));
  const others = counted.map(([resource, amount]) => [
    resource,
    resource.includes('/') ? `${amount}` : formatBytes(amount),
  ]);
  const sorted = (values: readonly string[]) => [...new Set(values)].sort();
  return {
    quantities: {
      nodes: `${shares.length}`,
      cpu: formatCores(cores / 1000),
      memory: formatBytes(memory),
      'ephemeral-storage': formatBytes(storage),
      pods: `${pods}`,
      ...(Object.fromEntries(others) as Record<string, string>),
    },
    zones: [...new Set(groups.map(({ traits }) => traits[0] ?? undefined))],
    architectures: sorted(groups.map(({ traits }) => traits[1])),
    operatingSystems: sorted(groups.map(({ traits }) => traits[2])),
    devices: counted.flatMap(([resource]) => (resource.includes('/') ? [resource] : [])),
    hugePages: counted.flatMap(([resource]) => (resource.includes('/') ? [] : [resource.slice(hugePages.length)])),
  };
}
