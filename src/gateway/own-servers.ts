import { isIP } from 'node:net';
import type { Configuration } from '../platform/config/model.js';
import type { Own } from '../platform/outbound/own-servers.js';

/**
 * Servers that no tenant may make us call: our listeners on their real ports, the way to us from outside, the API server of
 * the cluster we run in, Redis or its Sentinels, and every URL among the options of the backends.
 */
export function ownServersOf(
  { listen, metrics, publicUrl, backends, store }: Configuration,
  listening: { readonly url: string },
  env: Readonly<Record<string, string | undefined>>,
): readonly Own[] {
  const backendUrls = urlsIn(backends.map(({ options }) => options)).map((text) => new URL(text));
  const apiServer = env.KUBERNETES_SERVICE_HOST;
  return [
    { host: bare(listen.host), port: portOf(new URL(listening.url)) },
    ...(metrics.listen ? [{ host: bare(metrics.listen.host), port: metrics.listen.port }] : []),
    ...(publicUrl === undefined ? [] : [{ ...placeOf(new URL(publicUrl)), shared: true }]),
    ...redisOf(store).map(({ host, port }) => ({ host: bare(host), port })),
    ...backendUrls.map(placeOf),
    ...(apiServer ? [{ host: bare(apiServer) }, { host: 'kubernetes.default.svc' }] : []),
  ];
}

/** What Sentinels say is the primary is not known here. */
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
