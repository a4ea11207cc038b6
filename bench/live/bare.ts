import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

/** A bare WebSocket server that sends every client the same text, framed for each. */
export interface BareServer {
  readonly port: number;
  readonly sockets: ReadonlySet<WebSocket>;
  send(text: string): void;
  close(): void;
}

export async function bareServer(): Promise<BareServer> {
  const http = createServer();
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  const sockets = new Set<WebSocket>();
  server.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => {
      if (data.toString().includes('connection_init')) socket.send('{"type":"connection_ack"}');
      else sockets.add(socket);
    });
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    port: (http.address() as AddressInfo).port,
    sockets,
    send(text) {
      for (const socket of sockets) socket.send(text);
    },
    close() {
      for (const socket of sockets) socket.terminate();
      server.close();
      http.closeAllConnections();
      http.close();
    },
  };
}
