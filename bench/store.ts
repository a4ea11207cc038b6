import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureAppends, measureRedis } from './append.js';
import { fillStore, measureView } from './view.js';

// `node dist/bench/store.js [embedded] [redis] [view]`: what stores take and give back, and what a view of one costs.
const cases = { embedded: () => measureAppends(), redis: measureRedis, view };

async function view() {
  const home = mkdtempSync(join(tmpdir(), 'netweave-bench-'));
  try {
    await fillStore(join(home, 'store.db'), 100_000, 0);
    return await measureView(join(home, 'store.db'), 100_000, 0);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

for (const [name, measure] of Object.entries(cases)) {
  if (process.argv.length > 2 && !process.argv.includes(name)) continue;
  console.log(name, await measure());
}
