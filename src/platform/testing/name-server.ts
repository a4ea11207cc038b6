import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemResolver, type Resolve } from '../outbound/resolver.js';

/** A machine whose names this server knows: what its own files say, and how long it waits. */
interface Machine {
  readonly hosts?: string;
  readonly resolver?: string;
  readonly patience?: number;
}

/** A name server on loopback, and resolvers of machines that ask it. */
export interface NameServer {
  /** Names it was asked for, once for each family of addresses. */
  readonly asked: string[];
  resolver(machine?: Machine): Resolve;
  close(): void;
}

/** Asked for each answer anew: the IPv4 address of a name, undefined where there is no such name. */
type AddressOf = (name: string) => string | undefined;

/** Its answers live for no time at all. Whoever asks for a name below `silent` never hears of it. */
export async function nameServer(addressOf: AddressOf): Promise<NameServer> {
  const folder = mkdtempSync(join(tmpdir(), 'netweave-names-'));
  const asked: string[] = [];
  const server = createSocket('udp4');
  server.on('message', (query, from) => {
    const { name, end } = nameIn(query);
    asked.push(name);
    if (!name.endsWith('.silent'))
      server.send(
        answerTo(query, end, () => addressOf(name)),
        from.port,
      );
  });
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  const servers = [`127.0.0.1:${(server.address() as AddressInfo).port}`];
  return {
    asked,
    resolver({ hosts = '', resolver = '', ...machine } = {}) {
      const files = { hosts: join(folder, 'hosts'), resolver: join(folder, 'resolv.conf') };
      writeFileSync(files.hosts, hosts);
      writeFileSync(files.resolver, resolver);
      return systemResolver({ servers, files, ...machine });
    },
    close() {
      server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The name that a query asks for, and where it ends. */
function nameIn(query: Buffer): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.subarray(at + 1, at + 1 + length).toString());
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at };
}

/** A query of one question (RFC 1035), answered with an IPv4 address, that there is no such name, or nothing (IPv6). */
function answerTo(query: Buffer, end: number, addressOf: () => string | undefined): Buffer {
  const wanted = query.readUInt16BE(end + 1) === 1;
  const address = wanted ? addressOf() : undefined;
  const head = Buffer.from(query.subarray(0, 12));
  head.writeUInt16BE(wanted && address === undefined ? 0x8183 : 0x8180, 2);
  head.writeUInt16BE(address === undefined ? 0 : 1, 6);
  head.writeUInt32BE(0, 8);
  const answer = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...(address ?? '').split('.').map(Number)];
  return Buffer.concat([head, query.subarray(12, end + 5), ...(address === undefined ? [] : [Buffer.from(answer)])]);
}
