import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Registry } from '#adapters/registry.js';
import type { Listening } from '#subscriptions/presence.js';
import type { Configuration } from '../platform/config/model.js';
import { canonical } from '../platform/outbound/address.js';
import type { Own } from '../platform/outbound/own-servers.js';
import type { Store } from '../platform/store/store.js';

/** What is learnt of our servers while the gateway runs. */
export interface Learnt {
  /** As the listener is bound. */
  readonly url: string;
  readonly store: Pick<Store, 'servers'>;
  readonly registry: Pick<Registry, 'instances'>;
  /** Listeners of the other processes that share the store. */
  others(this: void): readonly Listening[];
}

/**
 * Servers that no tenant may make us call: our listeners on their real ports, the way to us from outside, the API server of
 * the cluster we run in, Redis, its Sentinels, the primaries they named and their replicas, the other gateways on it, every
 * URL among the options of the backends, and what those lead to (the API server of a kubeconfig).
 */
export function ownServersOf(
  configuration: Configuration,
  { url, store, registry, others }: Learnt,
  env: Readonly<Record<string, string | undefined>>,
): () => readonly Own[] {
  const fixed = configured(configuration, url, env);
  return () => [
    ...fixed,
    ...[...store.servers(), ...others()].map(({ host, port }) => ({ host: canonical(host) ?? host, port })),
    ...registry.instances.flatMap(({ connection: { servers = [] } }) => servers.map((each) => placeOf(new URL(each)))),
  ];
}

/** Where this process listens, as it is configured. */
export function listenersOf({ listen, metrics }: Configuration, url: string): readonly Listening[] {
  return [
    { host: bare(listen.host), port: portOf(new URL(url)) },
    ...(metrics.listen ? [{ host: bare(metrics.listen.host), port: metrics.listen.port }] : []),
  ];
}

/** How other machines may name the same: what listens on all addresses, by each that this machine has. */
export function reachedAt(listeners: readonly Listening[]): readonly Listening[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return listeners.flatMap(({ host, port }) =>
    host === '0.0.0.0' || host === '::' ? all.map(({ address }) => ({ host: address, port })) : [{ host, port }],
  );
}

function configured(
  configuration: Configuration,
  url: string,
  env: Readonly<Record<string, string | undefined>>,
): readonly Own[] {
  const { publicUrl, backends, store } = configuration;
  const backendUrls = urlsIn(backends.map(({ options }) => options)).map((text) => new URL(text));
  const apiServer = env.KUBERNETES_SERVICE_HOST;
  return [
    ...listenersOf(configuration, url),
    ...(publicUrl === undefined ? [] : [{ ...placeOf(new URL(publicUrl)), shared: true }]),
    ...redisOf(store).map(({ host, port }) => ({ host: bare(host), port })),
    ...backendUrls.map(placeOf),
    ...(apiServer ? [{ host: bare(apiServer) }, { host: 'kubernetes.default.svc' }] : []),
  ];
}

function redisOf({ redis }: Configuration['store']): readonly { readonly host: string; readonly port: number }[] {
  if (!redis) return [];
  return redis.sentinels.length > 0 ? redis.sentinels : [redis];
}

function urlsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return /^https?:\/\//i.test(value) && URL.canParse(value) ? [value] : [];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(urlsIn) : [];
}

function bare(host: string): string {
  const text = host.replace(/^\[|\]$/g, '');
  return isIP(text) === 0 ? text.toLowerCase() : text;
}

function placeOf(url: URL): Own {
  return { host: bare(url.hostname), port: portOf(url) };
}

function portOf({ port, protocol }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}
