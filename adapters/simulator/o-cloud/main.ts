import { parseArgs } from 'node:util';
import { startOCloud } from './start.js';

/** Runs an O-Cloud as a process of its own, until it is ended; prints one line of JSON with its URL once it listens. */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    size: { type: 'string', default: '400' },
    pools: { type: 'string' },
    port: { type: 'string', default: '0' },
    changesPerSecond: { type: 'string', default: '0' },
    token: { type: 'string' },
    dataDirectory: { type: 'string' },
  },
});

const { pools, token, dataDirectory } = values;
const { url } = await startOCloud({
  seed: Number(values.seed),
  size: Number(values.size),
  port: Number(values.port),
  changesPerSecond: Number(values.changesPerSecond),
  ...(pools === undefined ? {} : { pools: Number(pools) }),
  ...(token === undefined ? {} : { token }),
  ...(dataDirectory === undefined ? {} : { dataDirectory }),
});
process.stdout.write(`${JSON.stringify({ url })}\n`);
