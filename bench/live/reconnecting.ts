import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatPosition } from '#schema/position.js';
import { line } from '../delivery/figures.js';
import { percentile } from '../paced.js';
import { cores, pinned } from '../spawned.js';
import type { Clients } from './clients.js';
import type { Command, Report } from './reader-process.js';
import { openLiveWorld, resourcePath, servers } from './world.js';

/** Reads one object after the other, 200 in a second, from a process of its own: what that does to its heap is not measured. */
function reader(port: number) {
  const [program, ...before] = pinned(cores.load, [process.execPath]);
  const child = fork(join(import.meta.dirname, 'reader-process.js'), { execPath: program!, execArgv: before });
  const paths = Array.from({ length: servers }, (_each, n) => resourcePath(n));
  const tell = (command: Command) => child.send(command);
  return {
    /** Milliseconds of each read until what is done has ended. */
    async during(done: Promise<unknown>): Promise<Report> {
      tell({ do: 'read', url: `http://127.0.0.1:${port}`, paths });
      await done;
      tell({ do: 'stop' });
      return ((await once(child, 'message')) as [Report])[0];
    },
    stop: () => void child.kill(),
  };
}

export async function reconnecting(to: Clients): Promise<void> {
  const world = await openLiveWorld();
  await world.change(1);
  const since = formatPosition(await world.store.head());
  for (let batch = 0; batch < 100; batch += 1) await world.change(100);
  await world.view.reached(await world.store.head());
  const reads = reader(world.port);
  // For the compiler, and until each object has been read.
  await reads.during(sleep(4000));
  const before = await reads.during(sleep(4000));
  const query = `subscription { resourceChanged(since: "${since}") { id position } }`;
  const told = (await to.report()).messages + 1000 * servers;
  const began = performance.now();
  const meanwhile = await reads.during(to.open(world.port, [query], 1000).then(() => to.heard(told)));
  const seconds = (performance.now() - began) / 1000;
  reads.stop();
  const [idle, busy] = [before, meanwhile].map((times) => percentile(times, 0.99)) as [number, number];
  const name = '1,000 clients 10,000 changes of 1,000 objects back';
  line(`${name}: all told what is after`, seconds, 's', { most: 10 });
  line(`${name}: p99 of REST reads idle`, idle, 'ms');
  line(`${name}: p99 of REST reads meanwhile`, busy, 'ms');
  line(`${name}: p99 of REST reads over idle`, busy / idle, 'times', { most: 2 });
  await to.close();
  await world.close();
}
