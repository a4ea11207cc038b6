import { request, type IncomingMessage } from 'node:http';
import { createClient as createSocketClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { createClient } from '#src/facades/trpc/client.js';
import type { Draw } from '../draw.js';
import type { Heard, Stream } from './judge.js';

/** A client that is told of everything from a position on, and comes back by itself wherever it was cut off. */
export interface Follower extends Stream {
  readonly heard: Heard[];
  /** How often it was connected. */
  readonly connected: number;
  /** What it was refused with, other than by a gateway that comes or goes. */
  readonly errors: readonly string[];
  leave(): Promise<void> | void;
}

/** Milliseconds until a client that was cut off comes back: not all at once. */
type Pause = () => number;

interface Notes {
  readonly name: string;
  readonly heard: Heard[];
  readonly errors: string[];
  connected: number;
}

const notes = (name: string): Notes => ({ name, heard: [], errors: [], connected: 0 });

/** The way of graphql-ws: a new subscription behind what was told last. */
function followBySocket(name: string, url: string, start: string, pause: Pause): Follower {
  const own = notes(name);
  let since = start;
  const client = createSocketClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: Infinity,
    retryWait: () => new Promise((resolve) => setTimeout(resolve, pause())),
    shouldRetry: () => true,
    on: { connected: () => (own.connected += 1) },
  });
  const variables = {
    get since() {
      return since;
    },
  };
  const query =
    'subscription($since: String) { changes(since: $since) { ... on Change { position } ... on Gap { position reason } } }';
  client.subscribe<{ changes: { readonly position: string; readonly reason?: string } }>(
    { query, variables },
    {
      next({ data, errors }) {
        if (!data) return void own.errors.push(JSON.stringify(errors));
        since = data.changes.position;
        own.heard.push(heardOf(since, data.changes.reason !== undefined));
      },
      error: (error) => void own.errors.push(JSON.stringify(error)),
      complete: () => undefined,
    },
  );
  // It waits for the connection that is being made, which may fail.
  return Object.assign(own, { leave: () => Promise.resolve(client.dispose()).catch(() => undefined) });
}

/** The way of EventSource: `Last-Event-ID`, also of blocks that are told to nobody. */
function followByEvents(name: string, url: string, start: string, pause: Pause): Follower {
  const own = notes(name);
  let last: string | undefined;
  let leave: () => void = () => undefined;
  let left = false;
  const block = (text: string) => {
    const field = (of: string) => new RegExp(`^${of}: (.*)$`, 'm').exec(text)?.[1];
    last = field('id') ?? last;
    if (field('data') !== undefined) own.heard.push(heardOf(last!, field('event') === 'gap'));
  };
  const listen = () => {
    if (left) return;
    const resumed = last === undefined ? undefined : { 'Last-Event-ID': last };
    const headers = { Accept: 'text/event-stream', ...resumed };
    const sent = request(`${url}/events?since=${start}`, { headers, agent: false });
    leave = () => void sent.destroy();
    sent.once('error', () => undefined); // 'close' follows
    sent.once('close', () => setTimeout(listen, pause()));
    sent.once('response', (response: IncomingMessage) => {
      if (response.statusCode === 200) own.connected += 1;
      else if (response.statusCode !== 503) own.errors.push(`status ${response.statusCode}`);
      let rest = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        const blocks = (rest + chunk).split('\n\n');
        rest = blocks.pop()!;
        if (response.statusCode === 200) blocks.forEach(block);
      });
      response.on('error', () => undefined);
    });
    sent.end();
  };
  listen();
  return Object.assign(own, {
    leave() {
      left = true;
      leave();
    },
  });
}

/** The way of our own client for tRPC, which does all of this by itself. */
function followByTrpc(name: string, url: string, start: string): Follower {
  const own = notes(name);
  const { unsubscribe } = createClient({ url: `${url}/trpc` }).changes.watch.subscribe(
    { since: start },
    {
      onStarted: () => void (own.connected += 1),
      onData: ({ id, data }) => void own.heard.push(heardOf(id, 'reason' in data)),
      onError: (error) => void own.errors.push(error.message),
    },
  );
  return Object.assign(own, { leave: unsubscribe });
}

function heardOf(position: string, gap: boolean): Heard {
  return gap ? { position, gap } : { position };
}

/** So many, of all three ways in turn, from a position on; `first` numbers them. */
export function followAll(count: number, url: string, start: string, draw: Draw, first = 0): readonly Follower[] {
  const pause = () => draw.between(50, 300);
  const ways = [followBySocket, followByEvents, followByTrpc];
  return Array.from({ length: count }, (_each, n) => {
    const way = ways[(first + n) % ways.length]!;
    return way(`${way.name} ${first + n}`, url, start, pause);
  });
}
