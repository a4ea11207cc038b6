import { setTimeout as sleep } from 'node:timers/promises';
import type { Cast } from './cast.js';
import { consumerOf } from './consumers.js';
import type { Emitter } from './emitter.js';
import type { Gateway } from './gateways.js';
import type { Failing } from './receiver.js';
import type { Fault, FaultKind } from './schedule.js';

/** Whom a fault struck, and how that ends. */
export interface Struck {
  readonly whom: string;
  heal(): void | Promise<void>;
}

type Strike = (cast: Cast, fault: Fault, emitter: Emitter) => Struck | Promise<Struck>;

export const strikes: Readonly<Record<FaultKind, Strike>> = {
  'kill watcher': async (cast, fault) => killed(await most(cast, 'netweave_backend_watched', fault)),
  'kill deliverer': async (cast, fault) => killed(await most(cast, 'netweave_delivery_subscriptions', fault)),
  'kill api': (cast, fault, { last }) => killed(last?.alive ? last : any(cast, fault)),
  'pause gateway': async (cast, fault) => {
    const metric = fault.pick < 0.5 ? 'netweave_backend_watched' : 'netweave_delivery_subscriptions';
    const gateway = await most(cast, metric, fault);
    gateway.pause();
    return { whom: gateway.name, heal: () => gateway.resume() };
  },
  'restart primary': deadPrimary,
  'lose primary': deadPrimary,
  'planned failover': async ({ redis }) => {
    const { port } = await redis.primary();
    await redis.failover();
    return { whom: `redis ${port}`, heal: () => undefined };
  },
  'hang primary': async ({ redis }) => {
    const primary = await redis.primary();
    primary.pause();
    return { whom: `redis ${primary.port}`, heal: () => primary.resume() };
  },
  'no dns': ({ breakNames }, { pick }) => {
    const code = pick < 0.5 ? 'ENOTFOUND' : 'ESERVFAIL';
    breakNames(code);
    return { whom: code, heal: () => breakNames() };
  },
  'cut o-cloud': ({ proxy }, { pick }) => {
    if (pick < 0.5) proxy.reset();
    else proxy.cut();
    return { whom: 'o-cloud', heal: () => undefined };
  },
  'dark o-cloud': ({ proxy }) => {
    proxy.hold();
    return { whom: 'o-cloud', heal: () => proxy.release() };
  },
  'pause subscription': async (cast, fault) => {
    const { name, ask } = await consumerOf(cast, fault);
    await ask('pause');
    return { whom: name, heal: () => ask('resume') };
  },
  'rotate secret': async (cast, fault) => {
    const { name, ask } = await consumerOf(cast, fault);
    await ask('rotateSecret');
    return { whom: name, heal: () => undefined };
  },
  'answer 500': failing,
  'no answer': failing,
  reset: failing,
  'half body': failing,
  'refuse connections': failing,
};

/** The gateway that has most of what a metric counts: who watches, who delivers. Any, while none does. */
async function most(cast: Cast, metric: string, fault: Fault): Promise<Gateway> {
  for (let tries = 0; tries < 10; tries += 1) {
    const gateway = await busiest(cast.gateways.all, metric);
    if (gateway) return gateway;
    await sleep(300);
  }
  return any(cast, fault);
}

/** The gateway that has most of what a metric counts at the moment; undefined while none has any. */
export async function busiest(gateways: readonly Gateway[], metric: string): Promise<Gateway | undefined> {
  const counts = await Promise.all(gateways.map((gateway) => gateway.metric(metric)));
  const highest = Math.max(...counts);
  return highest > 0 ? gateways[counts.indexOf(highest)] : undefined;
}

function any({ gateways }: Cast, { pick }: Fault): Gateway {
  return gateways.all[Math.floor(pick * gateways.all.length)]!;
}

async function killed(gateway: Gateway): Promise<Struck> {
  await gateway.kill();
  return { whom: gateway.name, heal: () => gateway.start() };
}

async function deadPrimary({ redis }: Cast): Promise<Struck> {
  const primary = await redis.primary();
  await primary.kill();
  return { whom: `redis ${primary.port}`, heal: () => primary.start() };
}

/** The first receiver is the one that never fails. */
function failing({ receivers }: Cast, { kind, pick }: Fault): Struck {
  const at = 1 + Math.floor(pick * (receivers.length - 1));
  const receiver = receivers[at]!;
  receiver.fail(kind as Failing);
  return { whom: `receiver ${at}`, heal: () => receiver.heal() };
}
