import { median } from '../alternate.js';
import { line } from '../delivery/figures.js';
import { bareServer } from './bare.js';
import { clients, type Clients } from './clients.js';
import { document, openLiveWorld, serverId, type LiveWorld } from './world.js';

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

const middle = (rates: readonly Rate[]): Rate => ({
  perSecond: median(rates.map((each) => each.perSecond)),
  microseconds: median(rates.map((each) => each.microseconds)),
});

function tell(name: string, { perSecond, microseconds }: Rate): void {
  line(`${name}: messages`, perSecond, '/s');
  line(`${name}: CPU of each`, microseconds, 'us');
}

export async function fanOut(to: Clients): Promise<void> {
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
  tell('one event to 1,000 clients', one);
  tell('one event to 1,000 clients of a bare ws server', its);
  line('one event to 1,000 clients over a bare ws server', one.perSecond / its.perSecond, 'times', { least: 0.7 });
  tell('10 events per tick to 1,000', together);
  line('10 events per tick to 1,000 over one to 1,000', together.perSecond / one.perSecond, 'times', { least: 2 });
  other.stop();
  bare.close();
  await to.close();
  await to.open(world.port, [document], 5000);
  const five: Rate[] = [];
  for (let round = 0; round <= rounds; round += 1) five.push(await worldRates(to, world, 5000, 10));
  const many = middle(five.slice(1));
  tell('10 events per tick to 5,000', many);
  line('10 events per tick to 5,000 over one to 1,000', many.perSecond / one.perSecond, 'times', { least: 2 });
  await to.close();
  await world.close();
}
