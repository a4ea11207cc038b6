import { loadConfiguration } from '#platform/config/load.js';
import { createLogger } from '#platform/logger.js';
import { adapterModels } from '#src/gateway/adapter-models.js';
import { openGateway } from '#src/gateway/gateway.js';

const configuration = `
mode: development
listen: { port: 0 }
store: { memory: true }
accessLog: { enabled: false }
oCloud: { oCloudId: 5b1e0c6e-0d5a-4c2e-9f64-0c4d1c6a7e11, name: golden, description: The O-Cloud of the golden tests }
backends:
  - key: golden
    type: simulator
    options: { embedded: { seed: 7, size: 900, changesPerSecond: 0 } }
`;

/** A gateway in front of a simulated O-Cloud that stands still, for tests that know nothing of how it is made. */
export async function startGoldenGateway(): Promise<{ readonly url: string; readonly apiRoot: string; close(): Promise<void> }> {
  const logger = createLogger({ mode: 'development', level: 'warn' });
  const gateway = await openGateway(loadConfiguration({ text: configuration, adapterModels }), logger);
  while (gateway.progress().some(({ synced, of }) => synced < of)) await new Promise((resolve) => setTimeout(resolve, 20));
  return { url: gateway.url, apiRoot: gateway.url, close: () => gateway.close() };
}
