import type { ConnectContext, Connection } from '../contract.js';
import { defineAdapter } from '../define.js';
import { httpClient, type HttpClient } from '../kit/http-client.js';
import { Config } from './config.js';
import type { ErrorAnswer } from './o-cloud/api.js';
import { startOCloud, type OCloud } from './o-cloud/start.js';
import { writePorts } from './ports.js';
import { projections } from './project.js';
import { listAll, watchAll } from './read.js';

export const simulator = defineAdapter({
  type: 'simulator',
  title: "A simulated operator's O-Cloud",
  config: Config,
  mapping: 1,
  connect: async (config, context) => {
    const oCloud = await embeddedOCloud(config, context);
    const client = httpClient({
      backend: `The O-Cloud '${context.key}'`,
      url: oCloud?.url ?? config.url!,
      headers: config.token === undefined ? {} : { authorization: `Bearer ${config.token}` },
      explain: (body) => (body as ErrorAnswer).error.message,
      idleTimeout: config.idleTimeout,
    });
    return {
      ...reading(client, config),
      project: projections(context),
      ports: writePorts(client),
      newer: (a, b) => Number(a) > Number(b),
      close: async () => {
        client.close();
        await oCloud?.close();
      },
    };
  },
});

async function embeddedOCloud(
  { embedded, token }: Config,
  { dataDirectory }: ConnectContext,
): Promise<OCloud | undefined> {
  if (!embedded) return undefined;
  return startOCloud({
    ...embedded,
    ...(token === undefined ? {} : { token }),
    ...(dataDirectory === undefined ? {} : { dataDirectory }),
  });
}

function reading(
  client: HttpClient,
  { read, pollInterval }: Config,
): Pick<Connection, 'watch' | 'list' | 'pollInterval'> {
  if (read === 'poll') return { list: (signal) => listAll(client, signal), pollInterval };
  return { watch: (signal, cursor) => watchAll(client, signal, cursor) };
}
