import { createServer, type ServerResponse } from 'node:http';
import { freePort } from '../peers/free-port.js';
import { listening } from './receiver.js';

/** Callbacks that never take anything. Nothing is checked of them: they are there to be in the way of the others. */
export interface Neighbour {
  readonly name: string;
  readonly port: number;
  close(): void;
}

const answers: Readonly<Record<string, (response: ServerResponse) => void>> = {
  'black-hole': () => undefined,
  /** A body without end, a byte at a time, under a head that says 200. */
  hostile: (response) => {
    response.writeHead(200, { 'Content-Type': 'text/html' });
    const drip = setInterval(() => response.write('<'), 50);
    response.on('close', () => clearInterval(drip));
  },
};

export async function startNeighbours(): Promise<readonly Neighbour[]> {
  const neighbours: Neighbour[] = [];
  for (const [name, answer] of Object.entries(answers)) {
    const port = await freePort();
    const server = createServer((request, response) => {
      if (request.method === 'GET') return void response.writeHead(204).end();
      request.resume().on('error', () => undefined);
      answer(response);
    });
    await listening(server, port);
    neighbours.push({
      name,
      port,
      close: () => {
        server.close();
        server.closeAllConnections();
      },
    });
  }
  return neighbours;
}
