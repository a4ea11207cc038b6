import type { Server } from 'node:net';
import { Fault } from '#schema/errors.js';

/** Binds a server, with `reusePort` to a port that others have who said so too. Throws UNAVAILABLE with what to do about it. */
export async function bind(server: Server, host: string, port: number, reusePort = false): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException) =>
      reject(new Fault('UNAVAILABLE', sentence(error, host, port), { at: 'listen' }, error));
    server.once('error', refused);
    server.listen({ host: host.replace(/^\[|\]$/g, ''), port, reusePort }, () => {
      server.removeListener('error', refused);
      resolve();
    });
  });
}

function sentence(error: NodeJS.ErrnoException, host: string, port: number): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is in use. Stop the program that has it, or choose another port with --port or listen.port (0 takes a free one).`;
    case 'EACCES':
      return `Port ${port} is for privileged programs only. Choose one from 1024 up with --port or listen.port.`;
    case 'EADDRNOTAVAIL':
      return `${host} is no address of this machine. Choose another with --host or listen.host.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The host name '${host}' is not known. Choose another with --host or listen.host.`;
    case undefined:
    default:
      return `Cannot listen on ${host} port ${port}: ${error.message}`;
  }
}
