import { blackHole, neighbour, outage } from './delivery/faulty.js';
import { receivers } from './delivery/receivers.js';
import { atRest, distant, rate, steady } from './delivery/speed.js';

// `npm run bench -- --delivery [case …]`: how fast what is owed is posted, to receivers on loopback in another process.
const cases = { atRest, steady, rate, distant, outage, blackHole, neighbour };
for (const [name, run] of Object.entries(cases)) {
  if (process.argv.length > 2 && !process.argv.includes(name)) continue;
  const to = await receivers(110);
  await run(to);
  to.stop();
}
