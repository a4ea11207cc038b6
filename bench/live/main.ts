import { spawnSync } from 'node:child_process';
import { cores, pin } from '../spawned.js';
import { clients } from './clients.js';
import { idle, manyFilters } from './cost.js';
import { fanOut } from './fan-out.js';
import { foreignIds } from './foreign-ids.js';
import { acrossRedis, latency } from './latency.js';
import { reconnecting } from './reconnecting.js';

// `npm run bench -- --live [case …]`: what live streams cost, with clients on loopback in another process.

const cases = { fanOut, manyFilters, idle, latency, acrossRedis, reconnecting, foreignIds };

/** The server under measurement is this process. */
async function one(run: (typeof cases)[keyof typeof cases]): Promise<void> {
  pin(cores.server, process.pid);
  const to = clients();
  await run(to).finally(() => to.stop());
}

/** Each in a process of its own: what one leaves behind would hide what the memory of the next grows by. */
function inTurn(names: readonly string[]): void {
  for (const name of names) {
    const { status } = spawnSync(process.execPath, [...process.execArgv, import.meta.filename, name], {
      stdio: 'inherit',
    });
    if (status !== 0) process.exitCode = 1;
  }
}

const asked = process.argv.slice(2);
const isCase = (name: string): name is keyof typeof cases => Object.hasOwn(cases, name);
const unknown = asked.filter((name) => !isCase(name));
const [only, ...others] = asked.filter(isCase);
if (unknown.length > 0) {
  console.error(`No such case: ${unknown.join(', ')}. There are ${Object.keys(cases).join(', ')}.`);
  process.exitCode = 2;
} else if (only && others.length === 0) await one(cases[only]);
else inTurn(only ? asked : Object.keys(cases));
