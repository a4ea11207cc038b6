import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../alternate.js';
import { line } from '../delivery/figures.js';
import type { Clients } from './clients.js';
import { document, openLiveWorld, serverId, told } from './world.js';

const rounds = 3;

export async function manyFilters(to: Clients): Promise<void> {
  const world = await openLiveWorld();
  const query = (n: number) =>
    `subscription { resourceChanged(where: { resourceId: { eq: "${serverId(n)}" } }) { ${told} } }`;
  const cost = async () => {
    const costs: number[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      const cpu = process.cpuUsage();
      for (let event = 0; event < 500; event += 1) await world.change(1);
      await sleep(100);
      const { user, system } = process.cpuUsage(cpu);
      costs.push((user + system) / 500);
    }
    return median(costs.slice(1));
  };
  await to.open(world.port, [document], 1);
  const single = await cost();
  await to.close();
  await to.open(
    world.port,
    Array.from({ length: 1000 }, (_each, n) => query(n)),
    1000,
  );
  const many = await cost();
  line('one client: CPU of an event', single, 'us');
  line('1,000 different where, one matches: CPU of an event', many, 'us');
  line('1,000 different where over one client', many / single, 'times', { most: 3 });
  await to.close();
  await world.close();
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
