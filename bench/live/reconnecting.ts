import { formatPosition } from '#schema/position.js';
import { line } from '../delivery/figures.js';
import { percentile } from '../paced.js';
import type { Clients } from './clients.js';
import { openLiveWorld, resourcePath, servers } from './world.js';

/** Reads one object after the other until `over`; milliseconds each. */
async function reads(port: number, over: () => boolean): Promise<readonly number[]> {
  const times: number[] = [];
  while (!over()) {
    const began = performance.now();
    const answer = await fetch(`http://127.0.0.1:${port}${resourcePath(times.length % servers)}`);
    await answer.text();
    if (answer.status !== 200) throw new Error(`A read was answered ${answer.status}.`);
    times.push(performance.now() - began);
  }
  return times;
}

export async function reconnecting(to: Clients): Promise<void> {
  const world = await openLiveWorld();
  await world.change(1);
  const since = formatPosition(await world.store.head());
  for (let batch = 0; batch < 100; batch += 1) await world.change(100);
  await world.view.reached(await world.store.head());
  // As often as it takes for the compiler, and for each object to have been read.
  await during(world.port, 2000);
  const before = await during(world.port, 2000);
  const query = `subscription { resourceChanged(since: "${since}") { id position } }`;
  const told = (await to.report()).messages + 1000 * servers;
  const began = performance.now();
  let over = false;
  const meanwhile = reads(world.port, () => over);
  await to.open(world.port, [query], 1000);
  await to.heard(told);
  const seconds = (performance.now() - began) / 1000;
  over = true;
  const [idle, busy] = [before, await meanwhile].map((times) => percentile(times, 0.99)) as [number, number];
  const name = '1,000 clients 10,000 changes of 1,000 objects back';
  line(`${name}: all told what is after`, seconds, 's', { most: 10 });
  line(`${name}: p99 of REST reads idle`, idle, 'ms');
  line(`${name}: p99 of REST reads meanwhile`, busy, 'ms');
  line(`${name}: p99 of REST reads over idle`, busy / idle, 'times', { most: 2 });
  await to.close();
  await world.close();
}

function during(port: number, milliseconds: number): Promise<readonly number[]> {
  const until = performance.now() + milliseconds;
  return reads(port, () => performance.now() > until);
}
