import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { GatewayUnderTest } from '../gateway-under-test.js';

/** A frame as it is written byte for byte (RFC 6455 5.2), whether or not a client may send it. */
export interface Frame {
  readonly opcode: number;
  readonly payload?: Buffer | string;
  /** False when more of the message follows. */
  readonly fin?: boolean;
  /** Reserved bits, 0 to 7. */
  readonly reserved?: number;
  readonly masked?: boolean;
  /** What the head says of the length, in 64 bits, instead of how long the payload is. */
  readonly announced?: bigint;
}

export const opcodes = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9 } as const;

export function frameOf({ opcode, payload = '', fin = true, reserved = 0, masked = true, announced }: Frame): Buffer {
  const body = Buffer.from(payload);
  const [first, bit] = [(fin ? 0x80 : 0) | (reserved << 4) | opcode, masked ? 0x80 : 0];
  const mask = masked ? randomBytes(4) : Buffer.alloc(0);
  const shown = masked ? body.map((byte, index) => byte ^ mask[index % 4]!) : body;
  return Buffer.concat([Buffer.from([first]), lengthOf(body.length, bit, announced), mask, shown]);
}

function lengthOf(length: number, bit: number, announced: bigint | undefined): Buffer {
  if (announced === undefined && length < 126) return Buffer.from([bit | length]);
  const [short, long] = [Buffer.alloc(2), Buffer.alloc(8)];
  if (announced === undefined) short.writeUInt16BE(length);
  else long.writeBigUInt64BE(announced);
  return announced === undefined
    ? Buffer.concat([Buffer.from([bit | 126]), short])
    : Buffer.concat([Buffer.from([bit | 127]), long]);
}

/** A connection that has been upgraded, and on which a test writes what it likes. */
export interface RawSocket {
  readonly socket: Socket;
  /** Texts of the messages that were heard, none of which is long. */
  readonly heard: readonly string[];
  /** Resolves at the end of the connection: with the code of the close frame, if there was one. */
  readonly ended: Promise<number | undefined>;
}

export async function upgraded(gateway: GatewayUnderTest): Promise<RawSocket> {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  const head = [
    `GET /graphql HTTP/1.1`,
    `Host: ${hostname}:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Protocol: graphql-transport-ws',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  let rest = Buffer.alloc(0);
  const heard: string[] = [];
  let code: number | undefined;
  const isUp = Promise.withResolvers<void>();
  let up = false;
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    if (!up) {
      const end = rest.indexOf('\r\n\r\n');
      if (end < 0) return;
      if (!rest.toString('latin1').startsWith('HTTP/1.1 101 ')) isUp.reject(new Error(rest.toString()));
      rest = rest.subarray(end + 4);
      up = true;
      isUp.resolve();
    }
    rest = eachFrame(rest, (opcode, payload) => {
      if (opcode === opcodes.close) code = payload.readUInt16BE();
      else heard.push(payload.toString());
    });
  });
  const ended = new Promise<number | undefined>((resolve) => socket.once('close', () => resolve(code)));
  socket.on('error', (error) => isUp.reject(error));
  await isUp.promise;
  return { socket, heard, ended };
}

/** Hands on the short frames of a server that have come whole; answers what is left. */
function eachFrame(bytes: Buffer, take: (opcode: number, payload: Buffer) => void): Buffer<ArrayBuffer> {
  let rest = bytes;
  for (;;) {
    const long = rest.length > 1 && rest[1] === 126;
    if (rest.length < (long ? 4 : 2)) return Buffer.from(rest);
    const [from, length] = long ? [4, rest.readUInt16BE(2)] : [2, rest[1]!];
    if (rest.length < from + length) return Buffer.from(rest);
    take(rest[0]! & 0xf, rest.subarray(from, from + length));
    rest = rest.subarray(from + length);
  }
}
