import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis, type RedisServer, type RedisServerOptions } from './redis-server.js';

/** A primary with replicas, and Sentinels that watch over it. */
export interface SentinelGroup {
  readonly name: string;
  readonly sentinels: readonly { readonly host: string; readonly port: number }[];
  /** The server that the Sentinels call the primary. */
  primary(): Promise<RedisServer>;
  /** The others. */
  replicas(): Promise<readonly RedisServer[]>;
  /** Has another server take over while the primary lives. */
  failover(): Promise<void>;
  /** Resolves when all replicas follow the primary. */
  whole(): Promise<void>;
  /** Kills the Sentinels. */
  blind(): Promise<void>;
  /** Starts them again. */
  watch(): Promise<void>;
  remove(): Promise<void>;
}

const name = 'main';
const wholeWithin = 60_000;

export interface SentinelGroupOptions extends Pick<RedisServerOptions, 'tls' | 'password'> {
  /** Two when not given. */
  readonly replicas?: number;
  /** Three when not given. */
  readonly sentinels?: number;
  readonly sentinelPassword?: string;
}

async function startAll(options: SentinelGroupOptions) {
  const { replicas = 2, sentinels: watchers = 3, tls, password, sentinelPassword } = options;
  const shared = { ...(tls && { tls }), ...(password !== undefined && { password }) };
  const first = await startRedis(shared);
  const servers: RedisServer[] = [first];
  for (let n = 0; n < replicas; n += 1)
    servers.push(await startRedis({ ...shared, settings: [`replicaof 127.0.0.1 ${first.port}`] }));
  const watched = [
    `sentinel monitor ${name} 127.0.0.1 ${first.port} ${Math.floor(watchers / 2) + 1}`,
    `sentinel down-after-milliseconds ${name} 1500`,
    `sentinel failover-timeout ${name} 5000`,
    `sentinel parallel-syncs ${name} 2`,
    ...(password === undefined ? [] : [`sentinel auth-pass ${name} ${password}`]),
  ];
  const own = { ...(tls && { tls }), ...(sentinelPassword !== undefined && { password: sentinelPassword }) };
  const sentinels: RedisServer[] = [];
  for (let n = 0; n < watchers; n += 1) sentinels.push(await startRedis({ ...own, sentinel: true, settings: watched }));
  return { servers, sentinels };
}

export async function startSentinelGroup(options: SentinelGroupOptions = {}): Promise<SentinelGroup> {
  const { servers, sentinels } = await startAll(options);
  const askSentinel = (...args: string[]) => sentinels[0]!.ask((redis) => redis.call('SENTINEL', ...args));
  const primary = async () => {
    const [, port] = (await askSentinel('get-master-addr-by-name', name)) as string[];
    return servers.find((server) => server.port === Number(port))!;
  };
  const group: SentinelGroup = {
    name,
    sentinels: sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
    primary,
    replicas: async () => {
      const other = await primary();
      return servers.filter((server) => server !== other);
    },
    failover: async () => void (await askSentinel('failover', name)),
    whole: () =>
      settled(async () => {
        const info = await (await primary()).ask((redis) => redis.info('replication'));
        const known = (await askSentinel('master', name)) as string[];
        const others = known[known.indexOf('num-other-sentinels') + 1];
        const replicas = known[known.indexOf('num-slaves') + 1];
        const follow = info.match(/state=online/g)?.length ?? 0;
        const all = servers.length - 1;
        return follow === all && others === `${sentinels.length - 1}` && replicas === `${all}`;
      }),
    blind: async () => {
      for (const sentinel of sentinels) await sentinel.kill();
    },
    watch: async () => {
      for (const sentinel of sentinels) await sentinel.start();
    },
    remove: async () => {
      for (const server of [...sentinels, ...servers]) await server.remove();
    },
  };
  await group.whole();
  return group;
}

async function settled(is: () => Promise<boolean>): Promise<void> {
  const giveUp = Date.now() + wholeWithin;
  while (!(await is().catch(() => false))) {
    if (Date.now() > giveUp) throw new Error(`The Sentinel group was not whole within ${wholeWithin / 1000} s.`);
    await sleep(100);
  }
}
