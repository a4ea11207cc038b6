import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export type Balancer = Awaited<ReturnType<typeof startBalancer>>;

/** Hands connections on loopback to the ports in turn, past one that refuses. It knows nothing of what is said on them. */
export async function startBalancer(ports: readonly number[]) {
  const open = new Set<Socket>();
  const untaken = new Set<Socket>();
  let turn = 0;

  function hand(client: Socket, [port, ...others]: readonly number[]): void {
    if (port === undefined) return void untaken.add(client.destroy());
    const server = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const next = () => hand(client, others);
    server.once('error', next);
    server.once('connect', () => {
      server.off('error', next);
      join(client, server);
    });
  }

  function join(client: Socket, server: Socket): void {
    open.add(server);
    server.once('close', () => open.delete(server));
    // A reset on one side is a reset on the other.
    server.once('error', () => client.resetAndDestroy());
    client.once('close', () => server.destroy());
    if (client.destroyed) return void server.destroy();
    client.pipe(server).pipe(client);
  }

  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    open.add(client);
    client.once('close', () => open.delete(client));
    client.on('error', () => undefined); // 'close' follows
    turn = (turn + 1) % ports.length;
    hand(client, [...ports.slice(turn), ...ports.slice(0, turn)]);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    /** Connections that nobody took. */
    untaken: () => untaken.size,
    close: () => {
      listener.close();
      for (const socket of open) socket.destroy();
    },
  };
}
