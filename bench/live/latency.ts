import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from '#platform/config/redis.js';
import { openRedisStore } from '#platform/store/redis/redis-store.js';
import { startRedis } from '#test/peers/redis-server.js';
import { line } from '../delivery/figures.js';
import { percentile } from '../paced.js';
import { cores, pin } from '../spawned.js';
import type { Clients } from './clients.js';
import { openLiveWorld, type LiveWorld } from './world.js';

const timed = 'subscription { resourceChanged { id object { extensions } position } }';

/** Milliseconds from a change to the clients that are told of it, 50 changes a second to 500 of them. */
async function delays(to: Clients, world: LiveWorld): Promise<readonly number[]> {
  await to.open(world.port, [timed], 500);
  for (let event = 0; event < 50; event += 1) await world.change(1).then(() => sleep(20));
  await to.report();
  const began = performance.now();
  for (let event = 0; event < 500; event += 1) {
    await world.change(1);
    await sleep(Math.max(0, began + (event + 1) * 20 - performance.now()));
  }
  await sleep(200);
  const { delays: taken } = await to.report();
  await to.close();
  return taken;
}

function tell(name: string, taken: readonly number[], most: number): void {
  line(`${name}, p50`, percentile(taken, 0.5), 'ms');
  line(`${name}, p99`, percentile(taken, 0.99), 'ms', { most });
}

export async function latency(to: Clients): Promise<void> {
  const world = await openLiveWorld();
  tell('change to client, 50 events/s x 500', await delays(to, world), 50);
  await world.close();
}

/** As if another gateway watched: one connection appends, and what is told is read through those of another store. */
export async function acrossRedis(to: Clients): Promise<void> {
  const redis = await startRedis();
  try {
    // Beside the clients: it is another machine's work.
    pin(cores.load, redis.child.pid);
    const where = Redis.parse({ port: redis.port });
    const appending = await openRedisStore(where);
    const world = await openLiveWorld(await openRedisStore(where), appending);
    tell('change to client across Redis, 50 events/s x 500', await delays(to, world), 100);
    await world.close();
    await appending.close();
  } finally {
    await redis.remove();
  }
}
