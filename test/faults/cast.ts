import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startOCloud } from '#adapters/simulator/o-cloud/start.js';
import { configurationOf } from '../gateway-under-test.js';
import { startSentinelGroup, type SentinelGroup } from '../peers/redis-sentinels.js';
import { startTcpProxy, type TcpProxy } from '../peers/tcp-proxy.js';
import { sharedYaml } from '../peers/two-gateways.js';
import type { Draw } from './draw.js';
import { startGateways, type Gateways } from './gateways.js';
import { keepLedger } from './keep-ledger.js';
import type { Ledger } from './ledger.js';
import { startNeighbours, type Neighbour } from './neighbours.js';
import type { Receipt } from './receipt.js';
import { startReceiver, type Receiver } from './receiver.js';

/** Everybody who plays a part. */
export interface Cast {
  readonly oCloud: string;
  /** The way of the gateways to the O-Cloud. */
  readonly proxy: TcpProxy;
  readonly ledger: Ledger;
  readonly redis: SentinelGroup;
  readonly gateways: Gateways;
  /** The first one never fails, the second is slow. */
  readonly receivers: readonly Receiver[];
  readonly neighbours: readonly Neighbour[];
  readonly receipts: readonly Receipt[];
  /** What a look-up of a name ends with; healed without an argument. */
  breakNames(code?: 'ENOTFOUND' | 'ESERVFAIL'): void;
  close(): Promise<void>;
}

const receiverCount = 5;
export const domain = 'faults.example';

/** Raises the curtain: an O-Cloud in this process behind a proxy, Redis with Sentinels, receivers, three gateways. */
export async function castIn(folder: string, draw: Draw): Promise<Cast> {
  const closing: (() => unknown)[] = [];
  const close = async () => {
    for (const end of closing.reverse()) await end();
  };
  try {
    const oCloud = await startOCloud({ size: 20, pools: 3 });
    closing.push(() => oCloud.close());
    const { ledger, stop } = await keepLedger(oCloud.url);
    closing.push(stop);
    const proxy = await startTcpProxy(Number(new URL(oCloud.url).port));
    closing.push(() => proxy.close());
    const redis = await startSentinelGroup();
    closing.push(() => redis.remove());
    const receipts: Receipt[] = [];
    const receivers: Receiver[] = [];
    for (let n = 0; n < receiverCount; n += 1)
      receivers.push(await startReceiver({ record: receipts, slowness: () => (n === 1 ? draw.between(20, 80) : 0) }));
    const neighbours = await startNeighbours();
    closing.push(() => [...receivers, ...neighbours].forEach((each) => each.close()));
    const names = join(folder, 'names');
    const breakNames: Cast['breakNames'] = (code) => writeFileSync(names, code ?? 'up');
    breakNames();
    const config = join(folder, 'gateway.yaml');
    writeFileSync(config, configuration(proxy.port, redis), { mode: 0o600 });
    const gateways = await startGateways(3, folder, { config, names });
    closing.push(() => gateways.close());
    await gateways.ready(60_000);
    return { oCloud: oCloud.url, proxy, ledger, redis, gateways, receivers, neighbours, receipts, breakNames, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function configuration(port: number, { name, sentinels }: SentinelGroup): string {
  return configurationOf({
    simulators: { east: { url: `http://127.0.0.1:${port}`, idleTimeout: 12_000 } },
    store: { redis: { name, sentinels } },
    yaml: `${sharedYaml}\ncallbacks: { allow: ['*.${domain}'], timeout: 3s }`,
  });
}
