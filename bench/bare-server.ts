import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deserialize } from 'node:v8';
import type { Recorded } from './recorded.js';

/**
 * The least that node:http can do: sends recorded answers, same headers and same bytes, from memory. Keep-alive as in the
 * gateway's defaults, for it shows in the headers. Argument: file with the answers.
 */
const answers = new Map((deserialize(readFileSync(process.argv[2]!)) as Recorded[]).map((each) => [each.path, each]));
const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
  const { status, headers, body } = answers.get(request.url!)!;
  response.writeHead(status, headers as string[]);
  response.end(body);
});
server.maxRequestsPerSocket = 1000;
server.listen(0, '127.0.0.1', () =>
  console.log(`listening at http://127.0.0.1:${(server.address() as AddressInfo).port}`),
);
