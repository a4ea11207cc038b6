import { createServer } from 'node:net';

// Below Linux's ephemeral range (32768-60999): while a server is down, no outgoing connection can be given its port, and a
// client that keeps dialling cannot end up connected to itself.
const lowest = 20_000;
const highest = 32_000;

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** A port of 127.0.0.1 that nobody listens on now, and that stays free while its server restarts. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    if (await canListen(port)) return port;
  }
  throw new Error(`No free port found on 127.0.0.1 between ${lowest} and ${highest} in 100 attempts.`);
}
