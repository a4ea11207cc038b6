import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { ConfigurationModel } from './config/model.js';
import { listen, type Listener } from './listener.js';
import { selfSigned } from './testing/self-signed.js';

const { limits } = ConfigurationModel.parse({});
/** As many as let each socket of the port have some. */
const many = 128;
const folder = mkdtempSync(join(tmpdir(), 'netweave-acceptors-'));
const tls = { certificate: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
const pair = selfSigned('acceptors');
writeFileSync(tls.certificate, pair.certificate);
writeFileSync(tls.key, pair.key);
afterAll(() => rmSync(folder, { recursive: true }));

const clients = ({ port }: Listener, count: number) =>
  Array.from({ length: count }, () => connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {}));

test('who ends before the handshake is let go, and not kept for as long as a handshake may take', async () => {
  const onRequest = () => {};
  const listener = await listen({ host: '127.0.0.1', port: 0, limits, tls, onRequest });
  const [silent] = clients(listener, 1);
  await once(silent!, 'connect');
  const ended = clients(listener, many);
  const letGo = Promise.all(ended.map((client) => once(client.end().resume(), 'end')));
  const timedOut = once(silent!.resume(), 'end');
  expect(await Promise.race([letGo.then(() => 'let go'), timedOut.then(() => 'timed out')])).toBe('let go');
  for (const client of [silent!, ...ended]) client.destroy();
  await listener.close(0);
});
