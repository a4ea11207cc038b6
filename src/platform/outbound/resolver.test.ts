import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { nameServer, type NameServer } from '../testing/name-server.js';

const names: Readonly<Record<string, string>> = {
  'good.example': '192.0.2.1',
  'smo.oran.svc.cluster.local': '192.0.2.2',
};
let server: NameServer;

beforeEach(async () => void (server = await nameServer((name) => names[name])));
afterEach(() => server.close());

function resolver(files: { readonly hosts?: string; readonly resolver?: string } = {}) {
  return server.resolver({ ...files, patience: 200 });
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
  expect(server.asked).toEqual([]);
  await expect(resolve('other')).rejects.toMatchObject({ code: 'ENOTFOUND' });
});

test('short names are searched as the machine says', async () => {
  const resolve = resolver({ resolver: 'search oran.svc.cluster.local cluster.local\noptions ndots:5 edns0\n' });
  expect(await resolve('smo')).toEqual(['192.0.2.2']);
  expect(await resolve('good.example')).toEqual(['192.0.2.1']);
  expect(server.asked).toContain('good.example.oran.svc.cluster.local');
  await expect(resolve('nobody.example')).rejects.toMatchObject({ code: 'ENOTFOUND' });
});

test('a name is asked for once, however many want it', async () => {
  const resolve = resolver();
  await Promise.all(Array.from({ length: 50 }, () => resolve('good.example')));
  expect(server.asked).toEqual(['good.example', 'good.example']);
});
