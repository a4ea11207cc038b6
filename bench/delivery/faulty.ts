import { median } from '../alternate.js';
import { at, latencies, line, pause, sum, taken } from './figures.js';
import { house, type House } from './house.js';
import type { Receivers } from './receivers.js';

/** Changes a second, in both halves of a comparison. */
const pace = 20;

export async function outage(to: Receivers): Promise<void> {
  const owed = 500;
  const urls = to.urls.slice(0, 100);
  await to.tell({ forget: true, down: true });
  await house(async ({ change, subscribe, start }) => {
    await subscribe(urls, { ordering: 'resource' });
    const stop = await start();
    await change(owed);
    await pause(1500);
    await to.tell({ forget: true, down: false });
    const began = performance.now();
    await taken(to, owed * urls.length);
    const seconds = (performance.now() - began) / 1000;
    line('50,000 owed after an outage of 100 receivers', (owed * urls.length) / seconds, '/s', { least: 300 });
    line('requests at once to one of them', (await to.tell({})).widest, '', { most: 8 });
    await stop();
  });
}

/** Changes things at an even pace while `lasts` resolves to true, two minutes at most; how long these took to be told. */
async function told(
  to: Receivers,
  { change, tenant }: Pick<House, 'change'> & { readonly tenant?: string },
  lasts: (made: number) => boolean | Promise<boolean>,
): Promise<readonly number[]> {
  const began = performance.now();
  for (let made = 0; made < 120 * pace && (await lasts(made)); made += 1) {
    await pause(Math.max(0, began + (made * 1000) / pace - performance.now()));
    await change(1, tenant);
  }
  await pause(500);
  const took = await latencies(to);
  await to.tell({ forget: true });
  return took;
}

interface Pair {
  readonly alone: readonly number[];
  readonly beside: readonly number[];
}

function worse(name: string, pairs: readonly Pair[]): void {
  for (const part of [0.5, 0.99]) {
    const of = (each: keyof Pair) => median(pairs.map((pair) => at(pair[each], part)));
    const ratio = median(pairs.map(({ alone, beside }) => at(beside, part) / at(alone, part)));
    line(`${name}, p${part * 100}: alone`, of('alone'), 'ms');
    line(`${name}, p${part * 100}: beside it`, of('beside'), 'ms');
    line(`${name}, p${part * 100}: their ratio`, ratio, '', { most: 1.2 });
  }
}

/** One of 100 accepts and never answers, every other round. */
export async function blackHole(to: Receivers): Promise<void> {
  const [rounds, each] = [7, 80];
  await to.tell({ forget: true, group: 1 });
  await house(async ({ change, subscribe, start }) => {
    await subscribe(to.urls.slice(0, 100));
    const stop = await start();
    await change(50);
    await taken(to, 50 * 100);
    await to.tell({ forget: true });
    const pairs: Pair[] = [];
    for (let round = -1; round < rounds; round += 1) {
      const alone = await told(to, { change }, (made) => made < each);
      await to.tell({ silent: true });
      const beside = await told(to, { change }, (made) => made < each);
      await to.tell({ silent: false });
      // What it did not take comes again after the pause of its subscription.
      await pause(3000);
      await to.tell({ forget: true });
      if (round >= 0) pairs.push({ alone, beside });
    }
    worse('99 endpoints beside a black hole', pairs);
    await stop();
  });
}

/** A tenant whose 100 receivers were away is told 50,000 things, while another one's 10 are told of its own changes. */
export async function neighbour(to: Receivers): Promise<void> {
  const [owed, rounds, each] = [500, 3, 100];
  const [theirs, ours] = [to.urls.slice(0, 100), to.urls.slice(100)];
  // Receivers that answer at once never have two requests open.
  await to.tell({ forget: true, group: theirs.length, delay: 10 });
  await house(async ({ change, subscribe, start }) => {
    await subscribe(theirs, { ordering: 'resource' }, 'a');
    await subscribe(ours, {}, 'b');
    const stop = await start();
    await change(50, 'a');
    await change(50, 'b');
    await taken(to, 50 * to.urls.length);
    await to.tell({ forget: true });
    const [pairs, drains]: [Pair[], number[]] = [[], []];
    let [widest, together] = [0, 0];
    for (let round = 0; round < rounds; round += 1) {
      const alone = await told(to, { change, tenant: 'b' }, (made) => made < each);
      await to.tell({ down: true });
      await change(owed, 'a');
      await pause(1500);
      await to.tell({ forget: true, down: false });
      const began = performance.now();
      let ended = 0;
      const beside = await told(to, { change, tenant: 'b' }, async () => {
        const said = await to.tell({});
        widest = Math.max(widest, said.widest);
        together = Math.max(together, said.together);
        if (sum(said.taken.slice(0, theirs.length)) >= owed * theirs.length) ended ||= performance.now();
        return ended === 0;
      });
      drains.push((1000 * owed * theirs.length) / (ended - began));
      pairs.push({ alone, beside });
    }
    worse('a tenant beside one that is told 50,000 things', pairs);
    line('these drain at', median(drains), '/s', { least: 300 });
    line('requests at once to one of them', widest, '', { most: 8 });
    line('requests at once to all of them', together, '', { most: 64 });
    await stop();
  });
}
