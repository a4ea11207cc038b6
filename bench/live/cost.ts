import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../alternate.js';
import { line } from '../delivery/figures.js';
import { clients, type Clients } from './clients.js';
import { document, openLiveWorld, serverId, told, type LiveWorld } from './world.js';

const rounds = 5;

/** One client in one world, a thousand in another, in turn: a neighbour of this machine costs both alike. */
export async function manyFilters(to: Clients): Promise<void> {
  const [lonely, crowded] = [await openLiveWorld(), await openLiveWorld()];
  const others = clients();
  const where = (n: number) => `where: { resourceId: { eq: "${serverId(n)}" } }`;
  const queries = Array.from(
    { length: 1000 },
    (_each, n) => `subscription { resourceChanged(${where(n)}) { ${told} } }`,
  );
  await to.open(lonely.port, [document], 1);
  await others.open(crowded.port, queries, 1000);
  const [single, many]: [number[], number[]] = [[], []];
  for (let round = 0; round <= rounds; round += 1) {
    const [one, thousand] = [await costOf(lonely), await costOf(crowded)];
    // The first is for the compiler.
    if (round === 0) continue;
    single.push(one);
    many.push(thousand);
  }
  line('one client: CPU of an event', median(single), 'us');
  line('1,000 different where, one matches: CPU of an event', median(many), 'us');
  const times = many.map((cost, round) => cost / single[round]!);
  line('1,000 different where over one client', median(times), 'times', { most: 3 });
  others.stop();
  await to.close();
  await lonely.close();
  await crowded.close();
}

/** Microseconds of this process for one event. */
async function costOf(world: LiveWorld): Promise<number> {
  const cpu = process.cpuUsage();
  for (let event = 0; event < 500; event += 1) await world.change(1);
  await sleep(100);
  const { user, system } = process.cpuUsage(cpu);
  return (user + system) / 500;
}

export async function idle(to: Clients): Promise<void> {
  const world = await openLiveWorld();
  await to.open(world.port, [document], 100);
  await to.close();
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  await to.open(world.port, [document], 5000);
  globalThis.gc?.();
  const each = (process.memoryUsage.rss() - before) / 5000 / 1024;
  line('5,000 idle sockets, each', each, 'KiB', { most: 40 });
  await to.close();
  await world.close();
}
