import { request, Agent } from 'node:http';
import { openGatewayUnderTest, until, type GatewayUnderTest, type Setup } from '../gateway-under-test.js';

/** Gateways on one Redis, told apart by what they watch. */
export interface Pair {
  readonly watcher: GatewayUnderTest;
  readonly other: GatewayUnderTest;
  close(): Promise<void>;
}

/** Two gateways of one configuration: the first to start watches all backends, and goes on to if there is but one. */
export async function openPair(redisPort: number, setup: Setup): Promise<Pair> {
  const shared = { store: { redis: { port: redisPort } }, yaml: sharedYaml, ...setup };
  const gateways = [await openGatewayUnderTest(shared), await openGatewayUnderTest(shared)] as const;
  await until(async () => (await watched(gateways[0].url)) + (await watched(gateways[1].url)) === 1);
  const first = (await watched(gateways[0].url)) === 1;
  return {
    watcher: gateways[first ? 0 : 1],
    other: gateways[first ? 1 : 0],
    async close() {
      for (const gateway of gateways) await gateway.close();
    },
  };
}

/** What replicas must have in common; every gateway listens on a port of its own. */
export const sharedYaml = `key: ${Buffer.alloc(32, 7).toString('base64')}\npublicUrl: https://o-cloud.example`;

/** How many backends a gateway watches, by its metrics. */
export async function watched(url: string): Promise<number> {
  const lines = (await textOf(`${url}/metrics`)).split('\n');
  return lines.filter((line) => /^netweave_backend_watched\{.*\} 1$/.test(line)).length;
}

const agent = new Agent();

/** A text, or nothing when nobody answers: a process that is paused has all of its sockets open. */
export function textOf(url: string, within = 500): Promise<string> {
  return new Promise((resolve) => {
    const asked = request(url, { agent, timeout: within }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(text));
      response.on('error', () => resolve(''));
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(''));
    asked.end();
  });
}
