import type { Cast } from './cast.js';
import { domain } from './cast.js';
import type { Interest } from './checker.js';

/** A subscription that is checked, and where it is told. */
interface Subscription extends Interest {
  /** Index of its receiver. */
  readonly at: number;
  /** In the O2 grammar: what need not be told. */
  readonly filter?: string;
}

const all = { types: ['ResourcePoolInfo', 'ResourceInfo'], events: ['created', 'modified', 'deleted'] } as const;

export const subscriptions: readonly Subscription[] = [
  { name: 'strict-sound', ordering: 'strict', at: 0, ...all },
  { name: 'strict-slow', ordering: 'strict', at: 1, ...all },
  { name: 'strict', ordering: 'strict', at: 2, ...all },
  { name: 'by-resource', ordering: 'resource', at: 3, ...all },
  { name: 'by-resource-slow', ordering: 'resource', at: 1, ...all },
  {
    name: 'pools',
    ordering: 'strict',
    at: 4,
    ...all,
    types: ['ResourcePoolInfo'],
    filter: '(neq,objectType,ResourcePoolInfo)',
  },
  {
    name: 'no-changes',
    ordering: 'resource',
    at: 4,
    ...all,
    events: ['created', 'deleted'],
    filter: '(eq,notificationEventType,1)',
  },
];

/** Subscribes all of them, and the neighbours. */
export async function subscribeAll({ gateways, receivers, neighbours }: Cast): Promise<void> {
  const url = `${gateways.all[0]!.url}/netweave/v1/inventorySubscriptions`;
  // The sound one is called by its address: what breaks names must not stop all.
  const callbackOf = (name: string, port: number, at?: number) =>
    at === 0 ? `http://127.0.0.1:${port}/${name}` : `http://${name}.${domain}:${port}/${name}`;
  const bodies = [
    ...subscriptions.map(({ name, ordering, at, filter }) => ({
      callback: callbackOf(name, receivers[at]!.port, at),
      ordering,
      ...(filter !== undefined && { filter }),
    })),
    ...neighbours.map(({ name, port }) => ({ callback: callbackOf(name, port), ordering: 'resource' })),
  ];
  for (const body of bodies) {
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    if (answer.status !== 201) throw new Error(`${body.callback} was refused: ${answer.status} ${await answer.text()}`);
  }
}
