import { cores, pin } from '../spawned.js';
import { clients } from './clients.js';
import { idle, manyFilters } from './cost.js';
import { fanOut } from './fan-out.js';
import { acrossRedis, latency } from './latency.js';
import { reconnecting } from './reconnecting.js';

// `node dist/bench/live/main.js [case …]`: what live streams cost, with clients on loopback in another process.

// The server under measurement is this process.
pin(cores.server, process.pid);
const cases = { fanOut, manyFilters, idle, latency, acrossRedis, reconnecting };
const asked = process.argv.slice(2);
for (const [name, run] of Object.entries(cases)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const to = clients();
  await run(to).finally(() => to.stop());
}
