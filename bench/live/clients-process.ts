import { connect, type Socket } from 'node:net';

/** What the clients are told to do. */
export type Command =
  | { readonly do: 'open'; readonly port: number; readonly queries: readonly string[]; readonly count: number }
  | { readonly do: 'report' }
  | { readonly do: 'close' };

/** What has arrived so far, at all of them together. */
export interface Report {
  readonly open: number;
  readonly messages: number;
  /** Milliseconds from the change to the client, of the messages since the last report that say when it was made. */
  readonly delays: readonly number[];
}

let messages = 0;
let acknowledged = 0;
let delays: number[] = [];
const sockets: Socket[] = [];
const sent = /"sent":(\d+\.\d+)/;

/** A frame as clients send it; the mask is all zeros. */
function frame(content: string | Buffer, opcode = 1): Buffer {
  const payload = Buffer.from(content);
  const { length } = payload;
  const first = 0x80 | opcode;
  const head = length < 126 ? [first, 0x80 | length] : [first, 0x80 | 126, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), payload]);
}

function client(port: number, query: string, index: number): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  socket.write(
    'GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
      `Sec-WebSocket-Key: ${Buffer.from(`client ${String(index).padStart(9, '0')}`).toString('base64')}\r\n` +
      'Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
  );
  let rest: Buffer = Buffer.alloc(0);
  let upgraded = false;
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    let data = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    if (!upgraded) {
      const end = data.indexOf('\r\n\r\n');
      if (end < 0) return void (rest = data);
      upgraded = true;
      data = data.subarray(end + 4);
      socket.write(frame('{"type":"connection_init"}'));
    }
    rest = frames(socket, data, query);
  });
  return socket;
}

/** Counts whole frames; answers what is left of the last. */
function frames(socket: Socket, data: Buffer, query: string): Buffer {
  let at = 0;
  for (;;) {
    if (data.length < at + 4) break;
    const short = data[at + 1]! & 127;
    const [head, length] =
      short < 126 ? [2, short] : short === 126 ? [4, data.readUInt16BE(at + 2)] : [10, data.readUInt32BE(at + 6)];
    if (data.length < at + head + length) break;
    const opcode = data[at]! & 15;
    const payload = data.subarray(at + head, at + head + length);
    if (opcode === 1) told(socket, payload, query);
    // Who gives no sign of life is cut off, and a bench on a busy machine would wait for it without end.
    else if (opcode === 9) socket.write(frame(payload, 10));
    at += head + length;
  }
  return Buffer.from(data.subarray(at));
}

function told(socket: Socket, payload: Buffer, query: string): void {
  // `{"type":"connection_ack"}` comes once; everything else is counted.
  if (payload[2] === 116 && payload.length < 40) {
    acknowledged += 1;
    socket.write(frame(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } })));
    return;
  }
  messages += 1;
  const match = messages % 50 === 0 ? sent.exec(payload.toString('latin1')) : null;
  if (match) delays.push(performance.timeOrigin + performance.now() - Number(match[1]));
}

process.on('message', (command: Command) => {
  if (command.do === 'open') {
    const { port, queries, count } = command;
    for (let index = 0; index < count; index += 1)
      sockets.push(client(port, queries[index % queries.length]!, sockets.length));
  } else if (command.do === 'close') for (const socket of sockets.splice(0)) socket.destroy();
  const report: Report = { open: acknowledged, messages, delays };
  if (command.do === 'close') acknowledged = 0;
  delays = [];
  process.send!(report);
});
