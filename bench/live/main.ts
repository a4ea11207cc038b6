import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../alternate.js';
import { cores, pin } from '../spawned.js';
import { bareServer } from './bare.js';
import { clients, type Clients } from './clients.js';
import { acrossRedis, latency } from './latency.js';
import { reconnecting } from './reconnecting.js';
import { openLiveWorld, serverId, type LiveWorld } from './world.js';

// `node dist/bench/live/main.js`: what live streams cost, with clients on loopback in another process.
const fields = 'change id object { resourceId description } changed position at';
const document = `subscription { resourceChanged { ${fields} } }`;
const rounds = 3;

/** Messages per second, and microseconds of this process for each. */
interface Rate {
  readonly perSecond: number;
  readonly microseconds: number;
}

/** Sends again and again, the next when all have heard the last, for about two seconds. */
async function rate(to: Clients, perRound: number, send: () => Promise<void> | void): Promise<Rate> {
  let expected = (await to.report()).messages;
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  let told = 0;
  while (performance.now() - began < 2000) {
    await send();
    told += perRound;
    await to.heard((expected += perRound));
  }
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: (told * 1000) / (performance.now() - began), microseconds: (user + system) / told };
}

async function worldRates(to: Clients, world: LiveWorld, count: number, changes: number): Promise<Rate> {
  return rate(to, count * changes, () => world.change(changes));
}

const show = (name: string, ...values: readonly string[]) => console.log(`${name}: ${values.join(', ')}`);
const per = ({ perSecond, microseconds }: Rate) => `${Math.round(perSecond)}/s at ${microseconds.toFixed(2)} us`;
const middle = (rates: readonly Rate[]): Rate => ({
  perSecond: median(rates.map((each) => each.perSecond)),
  microseconds: median(rates.map((each) => each.microseconds)),
});

async function fanOut(to: Clients): Promise<void> {
  const count = 1000;
  const world = await openLiveWorld();
  const bare = await bareServer();
  const other = clients();
  await to.open(world.port, [document], count);
  await other.open(bare.port, [document], count);
  await world.change(1);
  const text = `{"id":"1","type":"next","payload":${JSON.stringify({ data: { resourceChanged: { change: 'MODIFIED', id: serverId(1), object: { resourceId: serverId(1), description: 'Server 1 in rack 1' }, changed: ['description'], position: '1234.0123456789ab', at: new Date().toISOString() } } })}}`;
  const [ours, bares, ten]: [Rate[], Rate[], Rate[]] = [[], [], []];
  for (let round = 0; round <= rounds; round += 1) {
    const runs = [
      await worldRates(to, world, count, 1),
      await rate(other, count, () => bare.send(text)),
      await worldRates(to, world, count, 10),
    ] as const;
    // The first is for the compiler.
    if (round > 0) [ours, bares, ten].forEach((all, index) => all.push(runs[index]!));
  }
  const [one, its, together] = [middle(ours), middle(bares), middle(ten)];
  show(
    'one event to 1,000 clients',
    per(one),
    `bare ws ${per(its)}`,
    `ratio ${(one.perSecond / its.perSecond).toFixed(2)} (at least 0.7), CPU ${(its.microseconds / one.microseconds).toFixed(2)}`,
  );
  show(
    '10 events per tick to 1,000',
    per(together),
    `${(together.perSecond / one.perSecond).toFixed(1)} x the row above (at least 2)`,
  );
  other.stop();
  bare.close();
  await to.close();
  await to.open(world.port, [document], 5000);
  const five: Rate[] = [];
  for (let round = 0; round <= rounds; round += 1) five.push(await worldRates(to, world, 5000, 10));
  const many = middle(five.slice(1));
  show('10 events per tick to 5,000', per(many), `${(many.perSecond / one.perSecond).toFixed(1)} x (at least 2)`);
  await to.close();
  await world.close();
}

async function manyFilters(to: Clients): Promise<void> {
  const world = await openLiveWorld();
  const query = (n: number) =>
    `subscription { resourceChanged(where: { resourceId: { eq: "${serverId(n)}" } }) { ${fields} } }`;
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
  show(
    '1,000 different where, one matches',
    `${many.toFixed(0)} us an event`,
    `one client ${single.toFixed(0)} us`,
    `${(many / single).toFixed(1)} x (at most 3)`,
  );
  await to.close();
  await world.close();
}

async function idle(to: Clients): Promise<void> {
  const world = await openLiveWorld();
  await to.open(world.port, [document], 100);
  await to.close();
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  await to.open(world.port, [document], 5000);
  globalThis.gc?.();
  const each = (process.memoryUsage.rss() - before) / 5000 / 1024;
  show('5,000 idle sockets', `${each.toFixed(1)} KiB each (at most 40)`);
  await to.close();
  await world.close();
}

// The server under measurement is this process.
pin(cores.server, process.pid);
const cases = { fanOut, manyFilters, idle, latency, acrossRedis, reconnecting };
const asked = process.argv.slice(2);
for (const [name, run] of Object.entries(cases)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const to = clients();
  await run(to).finally(() => to.stop());
}
