import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { Fault } from '#schema/errors.js';
import type { KubernetesConfig } from './config.js';

/** How the API server is reached and as whom. */
export interface Credentials {
  /** URL of the API server without a slash at its end. */
  readonly server: string;
  /** Headers, TLS options and agent of one request; runs exec plugins and reads rotated tokens when they are due. */
  options(): Promise<RequestOptions>;
  /** What was loaded is no good any more: the next `options` loads it anew. */
  renew(): void;
  close(): void;
}

/**
 * Loads them as the configuration says; `root` stands before the paths of what a pod is given. Throws Fault INVALID that names
 * the file and what is wrong with it.
 */
export async function loadCredentials(config: KubernetesConfig, root = ''): Promise<Credentials> {
  // Imported here, because it costs 0.4 s and 90 MB that a gateway without Kubernetes shall not pay.
  const client = await import('@kubernetes/client-node');
  const load = () => kubeConfig(new client.KubeConfig(), config, root);
  let loaded = load();
  const server = serverOf(loaded, config);
  const agent = server.startsWith('http:') ? new HttpAgent({ keepAlive: true }) : new HttpsAgent({ keepAlive: true });
  let outdated = false;
  let running: Promise<RequestOptions> | undefined;

  async function make(): Promise<RequestOptions> {
    if (outdated) loaded = load();
    outdated = false;
    const options: RequestOptions = {};
    await loaded.applyToHTTPSOptions(options);
    // The library's agents keep the certificates of their first day; ours takes them from each request.
    return loaded.getCurrentCluster()?.proxyUrl ? options : { ...options, agent };
  }

  return {
    server,
    async options() {
      // Three watches that start together shall not run an exec plugin three times.
      running ??= make().finally(() => (running = undefined));
      return { ...(await running) };
    },
    renew: () => {
      outdated = true;
    },
    close: () => agent.destroy(),
  };
}

function kubeConfig(
  config: KubeConfig,
  { kubeconfig, context, inCluster }: KubernetesConfig,
  root: string,
): KubeConfig {
  if (inCluster) {
    if (!process.env['KUBERNETES_SERVICE_HOST']) {
      throw new Fault('INVALID', 'inCluster is set, but this is no pod: KUBERNETES_SERVICE_HOST is not set.', {
        at: 'inCluster',
      });
    }
    config.loadFromCluster(root);
    return config;
  }
  try {
    config.loadFromFile(kubeconfig!);
  } catch (cause) {
    throw new Fault('INVALID', `kubeconfig '${kubeconfig}' cannot be used: ${withoutSecrets(cause)}`, {
      at: 'kubeconfig',
    });
  }
  if (context === undefined) return config;
  if (!config.contexts.some(({ name }) => name === context)) {
    const known = config.contexts.map(({ name }) => `'${name}'`).join(', ') || 'none';
    throw new Fault('INVALID', `kubeconfig '${kubeconfig}' has no context '${context}'; it has ${known}.`, {
      at: 'context',
    });
  }
  config.setCurrentContext(context);
  return config;
}

/** The YAML parser quotes the lines around a fault, which may hold a token: only its reason and the line number are told. */
function withoutSecrets(cause: unknown): string {
  const { reason, mark, message } = cause as { reason?: string; mark?: { line: number }; message: string };
  return reason === undefined ? message : `${reason}${mark ? ` in line ${mark.line + 1}` : ''}`;
}

/** Why it leads to no cluster. */
function missingIn(loaded: KubeConfig): string {
  const { clusters, contexts } = loaded;
  const current = loaded.getCurrentContext() as string | undefined;
  const listed = Object.entries({ clusters, contexts }).filter(([, entries]) => entries.length === 0);
  if (listed.length > 0) return `is none that can be used: it has no ${listed.map(([name]) => name).join(' and no ')}`;
  const names = contexts.map(({ name }) => `'${name}'`).join(', ');
  if (!current) return `has no current-context: name one with --context or options.context; it has ${names}`;
  const context = loaded.getContextObject(current);
  if (!context) return `has no context '${current}', which is its current-context; it has ${names}`;
  return `has no cluster '${context.cluster}', which its context '${current}' names`;
}

function serverOf(loaded: KubeConfig, { kubeconfig }: KubernetesConfig): string {
  const cluster = loaded.getCurrentCluster();
  if (!cluster) throw new Fault('INVALID', `kubeconfig '${kubeconfig}' ${missingIn(loaded)}.`, { at: 'kubeconfig' });
  const server = cluster.server.replace(/\/+$/, '');
  if (server.startsWith('http:') && !cluster.skipTLSVerify) {
    const how = `its cluster '${cluster.name}' has an http: URL; only with insecure-skip-tls-verify is that accepted`;
    throw new Fault('INVALID', `kubeconfig '${kubeconfig}' cannot be used: ${how}.`, { at: 'kubeconfig' });
  }
  return server;
}
