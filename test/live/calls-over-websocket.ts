import type { Operation } from '#src/operations/operation.js';
import { facades, type Facade, type Input, type Outcome } from '../facade-calls.js';
import { until, type Ask, type GatewayUnderTest } from '../gateway-under-test.js';
import { connectLive } from './live-client.js';

const { request, read } = facades.find(({ name }) => name === 'graphql')!;

/** GraphQL as over HTTP, each operation on a WebSocket of its own. */
export const websocket: Facade = { name: 'websocket', request, read };

/** The id that the first operation of a connection has in audit and logs. */
export const firstOf = (requestId: string) => `${requestId}.1`;

export async function callOverWebSocket(
  gateway: GatewayUnderTest,
  operation: Operation,
  input: Input,
  { as, headers }: Pick<Ask, 'as'> & { readonly headers: Readonly<Record<string, string>> },
): Promise<Outcome | undefined> {
  const asked = request(operation, input);
  if (!asked) return undefined;
  const client = await connectLive(gateway, { headers, ...(as !== undefined && { as }) });
  client.say({ id: '1', type: 'subscribe', payload: asked.body });
  // Each is answered, and the connection outlives it, whatever came of it.
  await until(() => client.of('1').some(({ type }) => type !== 'next'));
  client.say({ type: 'ping' });
  await until(() => client.heard.at(-1)!['type'] === 'pong');
  client.socket.terminate();
  const [{ type, payload }] = client.of('1') as [{ type: string; payload: unknown }];
  const text = JSON.stringify(type === 'error' ? { errors: payload } : payload);
  const reply = { status: 200, headers: {}, text };
  return { ...read(operation, reply), reply };
}
