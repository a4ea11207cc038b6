import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands in front of an O-Cloud and alters the objects that it lists or tells. */
export interface MisshapenOCloud {
  readonly url: string;
  /** What becomes of each object; undefined leaves all as they are. */
  spoil: ((kind: string, object: Record<string, unknown>) => unknown) | undefined;
  close(): Promise<void>;
}

type Line = Record<string, unknown> & { readonly kind?: string; readonly object?: Record<string, unknown> };

export async function startMisshapenOCloud(upstream: string): Promise<MisshapenOCloud> {
  const server = createServer((request, response) => {
    pass(request, response).catch(() => response.destroy());
  });
  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const left = new AbortController();
    response.once('close', () => left.abort());
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = chunks.length > 0 ? { body: Buffer.concat(chunks) } : {};
    const { method = 'GET', url = '/' } = request;
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(upstream + url, { method, headers, signal: left.signal, ...body });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type')! });
    response.flushHeaders();
    const kind = /^\/v1\/(\w+)$/.exec(url)?.[1];
    const lines = answer.headers.get('content-type') === 'application/x-ndjson';
    let rest = '';
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      if (!lines || !oCloud.spoil) {
        response.write(chunk);
        continue;
      }
      const parts = (rest + chunk).split('\n');
      rest = parts.pop()!;
      for (const part of parts) response.write(`${part === '' ? '' : altered(JSON.parse(part) as Line, kind)}\n`);
    }
    response.end(rest);
  }
  function altered(line: Line, kind: string | undefined): string {
    const spoil = oCloud.spoil!;
    if (kind !== undefined) return JSON.stringify(spoil(kind, line));
    return JSON.stringify(line.object ? { ...line, object: spoil(line.kind!, line.object) } : line);
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const oCloud: MisshapenOCloud = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spoil: undefined,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return oCloud;
}
