import { createHash } from 'node:crypto';
import { request, Agent, type IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { loadConfiguration } from '#platform/config/load.js';
import { createLogger } from '#platform/logger.js';
import { adapterModels } from '#src/gateway/adapter-models.js';
import { openGateway } from '#src/gateway/gateway.js';

/** What a gateway under test is made of, beside a free port and a log that is kept. */
export interface Setup {
  /** Clients by name, which is their token too. Without any, everybody may call. */
  readonly clients?: Readonly<Record<string, { readonly roles: readonly string[]; readonly tenant?: string }>>;
  /** Options of simulated backends by key. */
  readonly simulators?: Readonly<Record<string, object>>;
  /** Backends of other types, as the configuration has them. */
  readonly backends?: readonly object[];
  /** Everything else of the configuration, as YAML. */
  readonly yaml?: string;
  /** Where state is kept; in memory when absent. */
  readonly folder?: string;
  /** The same for what is no folder, as the configuration has it. */
  readonly store?: object;
}

export interface Ask {
  readonly method?: string;
  /** Name of the client that calls. */
  readonly as?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** A text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface GatewayUnderTest {
  readonly url: string;
  /** What the operator was told, from warnings on: lines of JSON. */
  readonly logged: readonly string[];
  /** One request, its target sent byte for byte as given. */
  send(target: string, ask?: Ask): Promise<Reply>;
  close(): Promise<void>;
}

/** Ids of the O-Cloud in whose name every gateway under test answers. */
export const oCloudId = '5b1e0c6e-0d5a-4c2e-9f64-0c4d1c6a7e11';

/** No object has it. */
export const nowhere = '00000000-0000-4000-8000-000000000000';

/** A real gateway on a free port, once it has read all of its backends. */
export async function openGatewayUnderTest(setup: Setup): Promise<GatewayUnderTest> {
  const logged: string[] = [];
  const destination = { write: (line: string) => void logged.push(line) };
  const logger = createLogger({ mode: 'development', level: 'warn', destination, pretty: false });
  const gateway = await openGateway(loadConfiguration({ text: configurationOf(setup), adapterModels }), logger);
  await until(() => gateway.progress().every(({ synced, of }) => synced === of));
  const agent = new Agent({ keepAlive: true });
  return {
    url: gateway.url,
    logged,
    send: (target, ask) => send(gateway.url, agent, target, ask),
    async close() {
      agent.destroy();
      await gateway.close();
    },
  };
}

/** Resolves when the condition holds; how long that may take is the test's own limit. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** The configuration of a setup. JSON is YAML. */
export function configurationOf({ clients = {}, simulators = {}, backends = [], yaml = '', ...setup }: Setup): string {
  const tokens = Object.entries(clients).map(([name, of]) => ({ name, sha256: sha256(name), ...of }));
  const simulated = Object.entries(simulators).map(([key, options]) => ({ key, type: 'simulator', options }));
  const { folder } = setup;
  const store = folder === undefined ? { memory: true } : { file: join(folder, 'store.db') };
  const made = { store: setup.store ?? store, tokens, backends: [...simulated, ...backends] };
  const own = Object.entries(made).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  const network = /^listen:/m.test(yaml) ? [] : ['listen: { port: 0 }'];
  const identity = /^oCloud:/m.test(yaml) ? [] : [`oCloud: { oCloudId: ${oCloudId} }`];
  const quiet = /^accessLog:/m.test(yaml) ? [] : ['accessLog: { enabled: false }'];
  return [...network, ...quiet, ...identity, ...own, yaml].join('\n');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function send(url: string, agent: Agent, target: string, ask: Ask = {}): Promise<Reply> {
  const { method = 'GET', as, headers = {}, body } = ask;
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const said = {
    ...(as === undefined ? {} : { Authorization: `Bearer ${as}` }),
    ...(text === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }),
    ...headers,
  };
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ agent, hostname, port, path: target, method, headers: said }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode, headers: answered } = response;
        resolve({ status: statusCode!, headers: answered, text: Buffer.concat(chunks).toString() });
      });
    });
    sent.on('error', reject);
    sent.end(text);
  });
}
