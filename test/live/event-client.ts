import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import type { GatewayUnderTest } from '../gateway-under-test.js';

/** One block of Server-Sent Events, as the standard has clients read it. */
export interface Heard {
  readonly event: string;
  readonly id: string | undefined;
  /** Undefined for a block that is told to nobody: it only moves the id. */
  readonly data: Readonly<Record<string, unknown>> | undefined;
}

export interface EventClient {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly heard: readonly Heard[];
  /** Those with data. */
  told(event?: string): readonly Readonly<Record<string, unknown>>[];
  /** What a browser would send as Last-Event-ID. */
  lastId(): string | undefined;
  readonly response: IncomingMessage;
  /** Resolves when the answer has ended; false when it was cut off. */
  readonly ended: Promise<boolean>;
  leave(): void;
}

export interface Listen {
  readonly as?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Listens to `/events`, on a connection of its own. */
export async function listenTo(
  gateway: Pick<GatewayUnderTest, 'url'>,
  query = '',
  listen: Listen = {},
): Promise<EventClient> {
  const { as, headers = {} } = listen;
  const said = {
    Accept: 'text/event-stream',
    ...(as === undefined ? {} : { Authorization: `Bearer ${as}` }),
    ...headers,
  };
  const sent: ClientRequest = request(`${gateway.url}/events${query}`, { headers: said, agent: false });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve);
    sent.once('error', reject);
    sent.end();
  });
  sent.on('error', () => undefined);
  const heard: Heard[] = [];
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    const blocks = (text + chunk).split('\n\n');
    text = blocks.pop()!;
    heard.push(...blocks.map(blockOf));
  });
  response.on('error', () => undefined);
  const ended = new Promise<boolean>((resolve) => response.once('close', () => resolve(response.complete)));
  return {
    status: response.statusCode!,
    headers: response.headers,
    heard,
    told: (event = 'change') => heard.flatMap((each) => (each.data && each.event === event ? [each.data] : [])),
    lastId: () => heard.findLast(({ id }) => id !== undefined)?.id,
    response,
    ended,
    leave: () => sent.destroy(),
  };
}

function blockOf(block: string): Heard {
  const fields = new Map(block.split('\n').map((line) => line.split(/: ?(.*)/, 2) as [string, string]));
  const data = fields.get('data');
  return {
    event: fields.get('event') ?? 'message',
    id: fields.get('id'),
    data: data === undefined ? undefined : (JSON.parse(data) as Record<string, unknown>),
  };
}
