import { createSocket, type Socket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { systemResolver } from './resolver.js';

const names: Readonly<Record<string, string>> = {
  'good.example': '192.0.2.1',
  'smo.oran.svc.cluster.local': '192.0.2.2',
};
let server: Socket;
let folder: string;
let asked: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'netweave-names-'));
  asked = [];
  server = createSocket('udp4');
  server.on('message', (query, from) => {
    const { name, reply } = answerTo(query);
    asked.push(name);
    // Whoever asks for these never hears of it.
    if (!name.endsWith('.silent')) server.send(reply, from.port);
  });
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

/** A query of one question (RFC 1035), answered with an address, nothing, or that there is no such name. */
function answerTo(query: Buffer): { readonly name: string; readonly reply: Buffer } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.subarray(at + 1, at + 1 + length).toString());
    at += 1 + length;
  }
  const name = labels.join('.').toLowerCase();
  const address = names[name];
  const wanted = address !== undefined && query.readUInt16BE(at + 1) === 1;
  const head = Buffer.from(query.subarray(0, 12));
  head.writeUInt16BE(address === undefined ? 0x8183 : 0x8180, 2);
  head.writeUInt16BE(wanted ? 1 : 0, 6);
  head.writeUInt32BE(0, 8);
  const answer = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...(address ?? '').split('.').map(Number)]);
  return { name, reply: Buffer.concat([head, query.subarray(12, at + 5), ...(wanted ? [answer] : [])]) };
}

function resolver(files: { readonly hosts?: string; readonly resolver?: string } = {}) {
  const [hosts, settings] = [join(folder, 'hosts'), join(folder, 'resolv.conf')];
  writeFileSync(hosts, files.hosts ?? '');
  writeFileSync(settings, files.resolver ?? '');
  const servers = [`127.0.0.1:${(server.address() as AddressInfo).port}`];
  return systemResolver({ servers, patience: 200, files: { hosts, resolver: settings } });
}

test('names that are never answered hold up no other, and end by themselves', async () => {
  const resolve = resolver();
  let ended = 0;
  const silent = Array.from({ length: 64 }, (_, n) =>
    resolve(`n${n}.silent`).catch((error: { readonly code: string }) => {
      ended += 1;
      return error.code;
    }),
  );
  expect(await resolve('good.example')).toEqual(['192.0.2.1']);
  expect(ended).toBe(0);
  expect(new Set(await Promise.all(silent))).toEqual(new Set(['ETIMEOUT']));
});

test('the hosts file comes first, and is followed', async () => {
  const resolve = resolver({ hosts: '# ours\n10.0.0.1 smo Good.example # and more\n::1 smo\nnonsense other\n' });
  expect(await resolve('smo')).toEqual(['10.0.0.1', '::1']);
  expect(await resolve('good.example')).toEqual(['10.0.0.1']);
  expect(asked).toEqual([]);
  await expect(resolve('other')).rejects.toMatchObject({ code: 'ENOTFOUND' });
});

test('short names are searched as the machine says', async () => {
  const resolve = resolver({ resolver: 'search oran.svc.cluster.local cluster.local\noptions ndots:5 edns0\n' });
  expect(await resolve('smo')).toEqual(['192.0.2.2']);
  expect(await resolve('good.example')).toEqual(['192.0.2.1']);
  expect(asked).toContain('good.example.oran.svc.cluster.local');
  await expect(resolve('nobody.example')).rejects.toMatchObject({ code: 'ENOTFOUND' });
});

test('a name is asked for once, however many want it', async () => {
  const resolve = resolver();
  await Promise.all(Array.from({ length: 50 }, () => resolve('good.example')));
  expect(asked).toEqual(['good.example', 'good.example']);
});
