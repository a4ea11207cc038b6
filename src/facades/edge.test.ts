import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from '@jest/globals';
import { admission, type Served } from './admission.js';
import { edge } from './edge.js';

let server: Server;
afterEach(() => void server.close());

/** An edge whose connection is cut off behind each request for `/gone`, before the turn ends in which it came. */
async function listening(inFlightPerPrincipal: number) {
  const served: Served[] = [];
  const answered: string[] = [];
  const handle = edge({
    admission: admission({
      identify: () => ({ name: 'client', scope: { tenant: undefined, permissions: new Set(), key: 'all' } }),
      charge: () => 0,
      chargeStranger: () => 0,
      load: { maxInFlight: 100, maxLoopDelay: 1000, loopDelay: () => 0 },
      inFlightPerPrincipal,
      served: (each) => void served.push(each),
    }),
    cors: { origins: [], credentials: false },
    urlBytes: 100,
    open: () => false,
    serve(request, response) {
      answered.push(request.url!);
      response.end();
    },
  });
  server = createServer((request, response) => {
    handle(request, response);
    if (request.url === '/gone') request.socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { served, answered };
}

/** What comes over a connection for so many requests that are written at once, until it is closed. */
async function pipelined(count: number): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write('GET /here HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(count));
  return text(socket);
}

async function ask(path: string): Promise<void> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined).resume();
  socket.write(`GET ${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`);
  await once(socket, 'close');
}

test('who has gone by the end of the turn is not answered, and keeps no place', async () => {
  const { served, answered } = await listening(1);
  for (let time = 0; time < 3; time += 1) await ask('/gone');
  await ask('/here');
  expect(answered).toEqual(['/here']);
  expect(served.map(({ status }) => status)).toEqual([499, 499, 499, 200]);
});

test('who asks for too much at once is answered what it may ask for, and told that this was the last', async () => {
  const { answered } = await listening(50);
  const answers = (await pipelined(40)).split('HTTP/1.1 200 OK').slice(1);
  expect(answers).toHaveLength(32);
  expect(answers.map((each) => /^Connection: (.*)\r$/m.exec(each)![1])).toEqual([
    ...Array<string>(31).fill('keep-alive'),
    'close',
  ]);
  expect(answered).toHaveLength(32);
});
