import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis, type RedisOptions } from 'ioredis';
import { startChild, type Child } from './child.js';
import { freePort } from './free-port.js';

const readyWithin = 15_000;

/** A Redis of this test run: its data, log and settings are in a folder of its own. */
export interface RedisServer {
  readonly port: number;
  readonly folder: string;
  readonly child: Child;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again with the data that the disk has. */
  start(): Promise<void>;
  pause(): void;
  resume(): void;
  /** A client for what the test itself asks. */
  ask<T>(work: (redis: Redis) => Promise<T>): Promise<T>;
  /** Kills it and removes its folder. */
  remove(): Promise<void>;
}

export interface RedisServerOptions {
  /** Lines of the configuration file. */
  readonly settings?: readonly string[];
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** What clients must say, replicas too. */
  readonly password?: string;
  readonly sentinel?: boolean;
}

/** Starts a Redis on a free port of loopback, appending to a file as one in production should. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const [port, folder] = [await freePort(), mkdtempSync(join(tmpdir(), 'netweave-redis-'))];
  const config = join(folder, 'redis.conf');
  writeFileSync(config, `${lines(port, folder, options).join('\n')}\n`);
  const client: RedisOptions = { port, host: '127.0.0.1', retryStrategy: () => null, maxRetriesPerRequest: 0 };
  if (options.tls) client.tls = { ca: options.tls.certificate };
  if (options.password !== undefined) client.password = options.password;
  let child: Child | undefined;
  const ask = <T>(work: (redis: Redis) => Promise<T>) => asked(client, work);
  const server: RedisServer = {
    port,
    folder,
    get child() {
      return child!;
    },
    kill: () => child!.kill(),
    start: async () => {
      const args = [config, ...(options.sentinel ? ['--sentinel'] : [])];
      child = startChild('redis-server', args, join(folder, 'redis.log'));
      await answers(child, ask);
    },
    pause: () => child!.pause(),
    resume: () => child!.resume(),
    ask,
    remove: async () => {
      if (child?.alive) await child.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

function lines(port: number, folder: string, options: RedisServerOptions): readonly string[] {
  const { settings = [], tls, password, sentinel } = options;
  mkdirSync(join(folder, 'data'));
  const own = ['bind 127.0.0.1', `port ${tls ? 0 : port}`, `dir ${join(folder, 'data')}`];
  if (!sentinel) own.push('appendonly yes', 'appendfsync everysec', 'save ""', 'repl-diskless-sync-delay 0');
  if (tls) {
    for (const [name, text] of Object.entries(tls)) writeFileSync(join(folder, `${name}.pem`), text);
    const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
    own.push(`tls-port ${port}`, `tls-cert-file ${certificate}`, `tls-key-file ${key}`, 'tls-auth-clients no');
    own.push(`tls-ca-cert-file ${certificate}`, 'tls-replication yes');
  }
  if (password !== undefined) own.push(`requirepass ${password}`);
  if (password !== undefined && !sentinel) own.push(`masterauth ${password}`);
  return [...own, ...settings];
}

async function asked<T>(options: RedisOptions, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis({ ...options, lazyConnect: true });
  redis.on('error', () => undefined); // what fails is told by the call
  try {
    await redis.connect();
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

async function answers(child: Child, ask: RedisServer['ask']): Promise<void> {
  const giveUp = Date.now() + readyWithin;
  while (child.alive && Date.now() < giveUp) {
    if (await ask((redis) => redis.ping()).catch(() => undefined)) return;
    await sleep(50);
  }
  const tail = child.logTail();
  await child.kill();
  throw new Error(`redis-server did not answer within ${readyWithin / 1000} s; ${tail}`);
}
