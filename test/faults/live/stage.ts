import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startOCloud, type OCloud } from '#adapters/simulator/o-cloud/start.js';
import { formatPosition, parsePosition } from '#schema/position.js';
import { Redis } from '#platform/config/redis.js';
import { openRedisStore } from '#platform/store/redis/redis-store.js';
import { configurationOf } from '../../gateway-under-test.js';
import { startRedis } from '../../peers/redis-server.js';
import { sharedYaml } from '../../peers/two-gateways.js';
import { startGateways, type Gateways } from '../gateways.js';
import { startBalancer, type Balancer } from './balancer.js';

/** Gateways on one Redis behind a balancer, and an O-Cloud that changes by itself. */
export interface Stage {
  readonly gateways: Gateways;
  readonly balancer: Balancer;
  readonly oCloud: OCloud;
  /** The place of the newest entry of the log. */
  head(): Promise<string>;
  /** Positions behind one up to another, as the store has them, without what is told to nobody. */
  log(from: string, to: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface StageOptions {
  readonly folder: string;
  readonly seed: number;
  readonly gateways: number;
  readonly changesPerSecond: number;
}

export async function setStage({ folder, seed, gateways: count, changesPerSecond }: StageOptions): Promise<Stage> {
  const closing: (() => unknown)[] = [];
  const close = async () => {
    for (const end of closing.reverse()) await end();
  };
  try {
    const oCloud = await startOCloud({ seed, size: 400, changesPerSecond });
    closing.push(() => oCloud.close());
    const redis = await startRedis();
    closing.push(() => redis.remove());
    const [config, names] = [join(folder, 'gateway.yaml'), join(folder, 'names')];
    writeFileSync(names, 'up');
    const simulators = { sim: { url: oCloud.url } };
    writeFileSync(config, configurationOf({ simulators, store: { redis: { port: redis.port } }, yaml: sharedYaml }), {
      mode: 0o600,
    });
    const gateways = await startGateways(count, folder, { config, names });
    closing.push(() => gateways.close());
    await gateways.ready(60_000);
    const store = await openRedisStore(Redis.parse({ port: redis.port }));
    closing.push(() => store.close());
    const balancer = await startBalancer(gateways.all.map(({ url }) => Number(new URL(url).port)));
    closing.push(() => balancer.close());
    return {
      gateways,
      balancer,
      oCloud,
      head: async () => formatPosition(await store.head()),
      async log(from, to) {
        const positions: string[] = [];
        for (let at = parsePosition(from)!; formatPosition(at) !== to;) {
          const read = await store.read(at, 500);
          if (read.outcome !== 'read' || read.changes.length === 0) throw new Error(`The log ends at ${at.seq}.`);
          const { changes } = read;
          const upTo = changes.findIndex(({ position }) => formatPosition(position) === to);
          const these = upTo < 0 ? changes : changes.slice(0, upTo + 1);
          positions.push(
            ...these.filter(({ change }) => change !== 'restated').map(({ position }) => formatPosition(position)),
          );
          at = these.at(-1)!.position;
        }
        return positions;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
