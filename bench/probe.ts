import { alternate, median, ratio } from './alternate.js';
import { startBare } from './bare-process.js';
import { record, spread } from './recorded.js';
import { stopAll } from './spawned.js';
import { generator } from './wrk.js';
import { openWorld } from './world.js';
import { oneResource } from './cases/one-resource.js';
import { page } from './cases/page.js';
import { crawl, firstCrawl } from './cases/crawl.js';
import { indexedFilter } from './cases/indexed-filter.js';
import { notModified } from './cases/not-modified.js';
const all = { one: oneResource, page, crawl, first: firstCrawl, filter: indexedFilter, 304: notModified };
const names = (process.argv[2] ?? 'one,page,crawl,first,filter,304').split(',');
const rounds = Number(process.argv[3] ?? 3);
const wrk = await generator();
const world = await openWorld(Number(process.argv[4] ?? 10000), 10);
console.log('world', world.gateway.url, world.gateway.pid);
try {
  for (const name of names) {
    const c = all[name as keyof typeof all];
    const asks = await c.asks(world.gateway.url);
    const sample = spread(asks, 200);
    const rec = await record(world.gateway.url, sample);
    const bare = await startBare(rec);
    const runs = await alternate(
      wrk,
      {
        bare: { target: { ...bare, asks: sample } },
        idle: { target: { pid: world.gateway.pid, url: world.gateway.url, asks } },
        changing: { target: { pid: world.gateway.pid, url: world.gateway.url, asks }, disturbance: world.changing },
      },
      { rounds, seconds: 2 },
    );
    const f = (n: 'bare' | 'idle' | 'changing') =>
      `${n} ${median(runs[n].map((r) => r.cpu)).toFixed(1)}us ${median(runs[n].map((r) => r.perSecond)).toFixed(0)}/s cpu ${ratio(runs[n], runs.bare, (a, b) => b.cpu / a.cpu).toFixed(2)} rps ${ratio(runs[n], runs.bare, (a, b) => a.perSecond / b.perSecond).toFixed(2)}`;
    console.log(name.padEnd(8), asks.length, rec[0]!.body.length, '|', f('bare'), '|', f('idle'), '|', f('changing'));
    await bare.stop();
  }
} finally {
  await stopAll();
  await wrk.close();
}
process.exit(0);
