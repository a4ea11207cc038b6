import { randomUUID } from 'node:crypto';
import { Agent, request } from 'undici';
import { signatureHeaders, newSecret } from '#platform/outbound/signature.js';
import { median } from '../alternate.js';
import { at, latencies, line, pause, taken } from './figures.js';
import { change, house } from './house.js';
import type { Receivers } from './receivers.js';

/** Changes that are told before anything is measured: code is compiled by then. */
const warmUp = 50;
const endpoints = 100;

export async function atRest(to: Receivers): Promise<void> {
  await house(async ({ change, subscribe, start }) => {
    await subscribe([to.urls[0]!]);
    const stop = await start();
    await change(5);
    await taken(to, 5);
    await to.tell({ forget: true });
    for (let n = 0; n < 60; n += 1) {
      await pause(100);
      await change(1);
    }
    await taken(to, 60);
    line('change to first POST at rest, p50', at(await latencies(to), 0.5), 'ms', { most: 8 });
    await stop();
  });
}

export async function steady(to: Receivers): Promise<void> {
  const urls = to.urls.slice(0, endpoints);
  await house(async ({ change, subscribe, start }) => {
    await subscribe(urls);
    const stop = await start();
    await change(warmUp);
    await taken(to, warmUp * urls.length);
    await to.tell({ forget: true });
    const events = 300;
    const began = performance.now();
    for (let n = 0; n < events; n += 1) {
      await pause(Math.max(0, began + n * 50 - performance.now()));
      await change(1);
    }
    await taken(to, events * urls.length);
    const sorted = await latencies(to);
    line('20 changes/s for 100 subscriptions, p50', at(sorted, 0.5), 'ms', { most: 20 });
    line('20 changes/s for 100 subscriptions, p99', at(sorted, 0.99), 'ms', { most: 150 });
    await stop();
  });
}

/** Posts the same bodies by undici with nothing around: one after another to each receiver, all receivers at once. */
async function bare(to: Receivers, each: number): Promise<Pace> {
  const urls = to.urls.slice(0, endpoints);
  const agent = new Agent({ connections: 1 });
  const secrets = urls.map(newSecret);
  const bodies = Array.from({ length: each }, (_, n) => {
    const { value } = change(n, 0).after!;
    const head = { notificationId: randomUUID(), notificationEventType: 1, objectRef: 'https://gateway.example/r' };
    return JSON.stringify({ ...head, priorObjectState: value, postObjectState: value });
  });
  const post = async (url: string, secret: string, body: string) => {
    const signed = signatureHeaders({ id: randomUUID(), time: Date.now(), body, secrets: [secret] });
    const headers = { ...signed, 'Content-Type': 'application/json' };
    const answer = await request(url, { dispatcher: agent, method: 'POST', headers, body });
    await answer.body.dump();
  };
  const start = started();
  const one = async (url: string, index: number) => {
    for (const body of bodies) await post(url, secrets[index]!, body);
  };
  await Promise.all(urls.map(one));
  const spent = paceOf(each * urls.length, start);
  await agent.close();
  return spent;
}

interface Pace {
  /** A second, by the clock and by the CPU that this process took. */
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

const started = () => ({ clock: performance.now(), cpu: process.cpuUsage() });

function paceOf(count: number, start: ReturnType<typeof started>): Pace {
  const { user, system } = process.cpuUsage(start.cpu);
  const perSecond = count / ((performance.now() - start.clock) / 1000);
  return { perSecond, perCpuSecond: count / ((user + system) / 1e6) };
}

/** In turns, for what else the machine does changes by the second. */
export async function rate(to: Receivers): Promise<void> {
  const urls = to.urls.slice(0, endpoints);
  const [each, rounds] = [30, 15];
  const pairs: { readonly own: Pace; readonly alone: Pace }[] = [];
  await house(async ({ change, subscribe, start }) => {
    await subscribe(urls);
    const stop = await start();
    const all = async () => {
      await to.tell({ forget: true });
      const began = started();
      await change(each);
      await taken(to, each * urls.length);
      return paceOf(each * urls.length, began);
    };
    for (let round = -2; round < rounds; round += 1) {
      const [alone, own] = [await bare(to, each), await all()];
      if (round >= 0) pairs.push({ own, alone });
    }
    await stop();
  });
  const middle = (of: (pair: (typeof pairs)[0]) => number) => median(pairs.map(of));
  line(
    'notifications/s to 100 endpoints',
    middle(({ own }) => own.perSecond),
    '/s',
  );
  line(
    'the same bodies in a bare loop',
    middle(({ alone }) => alone.perSecond),
    '/s',
  );
  line(
    'their ratio',
    middle(({ own, alone }) => own.perSecond / alone.perSecond),
    '',
    { least: 0.5 },
  );
  line(
    'by CPU',
    middle(({ own, alone }) => own.perCpuSecond / alone.perCpuSecond),
    '',
    { least: 0.5 },
  );
  line(
    'CPU of a notification',
    middle(({ own }) => 1e6 / own.perCpuSecond),
    'µs',
  );
}

export async function distant(to: Receivers): Promise<void> {
  for (const [ordering, least] of [
    ['strict', 40],
    ['resource', 250],
  ] as const) {
    await to.tell({ forget: true, delay: 20 });
    await house(async ({ change, subscribe, start }) => {
      await subscribe([to.urls[0]!], { ordering });
      const stop = await start();
      const count = 10 * least;
      const began = performance.now();
      await change(count);
      await taken(to, count);
      line(`20 ms away, ${ordering}`, count / ((performance.now() - began) / 1000), '/s', { least });
      await stop();
    });
  }
  await to.tell({ delay: 0 });
}
