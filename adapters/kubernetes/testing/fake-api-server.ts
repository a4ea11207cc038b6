import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An object as clients send it; the server adds what only servers set. */
export interface FakeObject {
  metadata: {
    name: string;
    uid?: string;
    resourceVersion?: string;
    labels?: Record<string, string>;
    [more: string]: unknown;
  };
  [more: string]: unknown;
}

/** A fault for the next requests that fit. */
interface Failure {
  readonly what: 'list' | 'page' | 'watch' | 'patch' | 'any';
  readonly status: number;
  readonly reason: string;
  readonly headers?: Record<string, string>;
  times: number;
}

/** The list, watch and patch of a Kubernetes API on the wire, and the faults that a real one cannot be made to have. */
export interface FakeApiServer {
  readonly url: string;
  /** Method, path and query of every request so far. */
  readonly requests: readonly string[];
  /** Headers of the newest request. */
  readonly headers: IncomingMessage['headers'];
  /** Whether it streams initial lists; older servers answer 422. */
  streamsLists: boolean;
  /** Creates or changes the object of that name. */
  put(path: string, object: FakeObject): FakeObject;
  remove(path: string, name: string): void;
  /** Answers this at a path that is no collection. */
  document(path: string, content: unknown): void;
  /** Tells all watches where the history is. */
  bookmark(version?: string): void;
  /** Forgets history: a watch from before gets 410. */
  compact(): void;
  fail(what: Failure['what'], status: number, reason: string, times?: number, headers?: Record<string, string>): void;
  /** Cuts every open watch without an end, as a reset does. */
  reset(): void;
  /** Ends every open watch well, after these bytes. */
  endWatches(last?: string): void;
  /** Headers only, from now on: whoever reads hears nothing. */
  silent: boolean;
  readonly openWatches: number;
  close(): Promise<void>;
}

interface Change {
  readonly path: string;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: FakeObject;
}

interface Watch {
  readonly path: string;
  readonly response: ServerResponse;
}

const endOfList = { 'k8s.io/initial-events-end': 'true' };

class Fake implements FakeApiServer {
  url = '';
  readonly requests: string[] = [];
  headers: IncomingMessage['headers'] = {};
  streamsLists = true;
  silent = false;
  readonly #collections = new Map<string, Map<string, FakeObject>>();
  readonly #documents = new Map<string, unknown>([
    ['/version', { gitVersion: 'v1.36.0', platform: 'linux/amd64' }],
    ['/apis', { groups: [{ name: 'apps' }, { name: 'storage.k8s.io' }] }],
  ]);
  readonly #watches = new Set<Watch>();
  readonly #failures: Failure[] = [];
  #history: Change[] = [];
  #forgotten = 0;
  #version = 1000;
  #uids = 0;
  readonly server = createServer((request, response) => this.#answer(request, response));

  get openWatches() {
    return this.#watches.size;
  }

  put(path: string, object: FakeObject): FakeObject {
    const objects = this.#objects(path);
    const before = objects.get(object.metadata.name);
    this.#version += 1;
    const uid = before?.metadata.uid ?? object.metadata.uid ?? `uid-${(this.#uids += 1)}`;
    const stored = { ...object, metadata: { ...object.metadata, uid, resourceVersion: `${this.#version}` } };
    objects.set(object.metadata.name, stored);
    this.#tell({ path, type: before ? 'MODIFIED' : 'ADDED', object: stored });
    return stored;
  }

  remove(path: string, name: string): void {
    const before = this.#objects(path).get(name)!;
    this.#objects(path).delete(name);
    this.#version += 1;
    this.#tell({
      path,
      type: 'DELETED',
      object: { ...before, metadata: { ...before.metadata, resourceVersion: `${this.#version}` } },
    });
  }

  document(path: string, content: unknown): void {
    this.#documents.set(path, content);
  }

  bookmark(version = `${this.#version}`): void {
    for (const { response } of this.#watches)
      response.write(line('BOOKMARK', { metadata: { resourceVersion: version } }));
  }

  compact(): void {
    this.#forgotten = this.#version += 1;
    this.#history = [];
  }

  fail(what: Failure['what'], status: number, reason: string, times = 1, headers: Record<string, string> = {}): void {
    this.#failures.push({ what, status, reason, times, headers });
  }

  reset(): void {
    for (const watch of this.#watches) {
      this.#watches.delete(watch);
      watch.response.socket?.resetAndDestroy();
    }
  }

  endWatches(last = ''): void {
    for (const watch of this.#watches) {
      this.#watches.delete(watch);
      watch.response.end(last);
    }
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #objects(path: string): Map<string, FakeObject> {
    const objects = this.#collections.get(path) ?? new Map<string, FakeObject>();
    this.#collections.set(path, objects);
    return objects;
  }

  #tell(change: Change): void {
    this.#history.push(change);
    for (const { path, response } of this.#watches)
      if (path === change.path) response.write(line(change.type, change.object));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(`${request.method} ${request.url}`);
    this.headers = request.headers;
    const { pathname, searchParams: query } = new URL(request.url!, 'http://fake');
    const what = request.method === 'PATCH' ? 'patch' : query.has('watch') ? 'watch' : 'list';
    const failure = this.#failures.find(
      (each) =>
        each.times > 0 &&
        (each.what === what || each.what === 'any' || (each.what === 'page' && query.has('continue'))),
    );
    if (failure) {
      failure.times -= 1;
      return refuse(response, failure.status, failure.reason, failure.headers);
    }
    if (what === 'patch') this.#patch(request, response, pathname);
    else if (what === 'watch') this.#watch(response, pathname, query);
    else if (this.#documents.has(pathname)) response.end(JSON.stringify(this.#documents.get(pathname)));
    else this.#read(response, pathname, query);
  }

  #read(response: ServerResponse, path: string, query: URLSearchParams): void {
    const [, collection, name] = /^(.*)\/([^/]+)$/.exec(path)!;
    if (!this.#collections.has(path)) {
      const object = this.#objects(collection!).get(name!);
      if (object) return void response.end(JSON.stringify(object));
    }
    const all = [...this.#objects(path).values()];
    const start = Number(query.get('continue') ?? 0);
    const end = start + Number(query.get('limit') ?? all.length);
    const metadata = { resourceVersion: `${this.#version}`, ...(end < all.length ? { continue: `${end}` } : {}) };
    response.end(JSON.stringify({ kind: 'List', metadata, items: all.slice(start, end) }));
  }

  #watch(response: ServerResponse, path: string, query: URLSearchParams): void {
    const from = query.get('resourceVersion');
    const streams = query.get('sendInitialEvents') === 'true';
    if (streams && !this.streamsLists) return refuse(response, 422, 'Invalid', {});
    response.flushHeaders();
    if (this.silent) return;
    if (from !== null && Number(from) < this.#forgotten) {
      return void response.end(line('ERROR', { code: 410, reason: 'Expired', message: 'too old resource version' }));
    }
    if (streams) {
      for (const object of this.#objects(path).values()) response.write(line('ADDED', object));
      response.write(line('BOOKMARK', { metadata: { resourceVersion: `${this.#version}`, annotations: endOfList } }));
    }
    for (const change of this.#history) {
      const isLater = from !== null && Number(change.object.metadata.resourceVersion) > Number(from);
      if (isLater && change.path === path) response.write(line(change.type, change.object));
    }
    const watch = { path, response };
    this.#watches.add(watch);
    response.once('close', () => this.#watches.delete(watch));
  }

  #patch(request: IncomingMessage, response: ServerResponse, path: string): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      const [, collection, name] = /^(.*)\/([^/]+)$/.exec(path)!;
      const patch = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
      const before = this.#objects(collection!).get(name!);
      if (!before) return refuse(response, 404, 'NotFound', {});
      response.end(JSON.stringify(this.put(collection!, mergePatch(before, patch) as FakeObject)));
    });
  }
}

function line(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`;
}

function refuse(response: ServerResponse, code: number, reason: string, headers: Record<string, string> = {}): void {
  response.writeHead(code, headers);
  response.end(JSON.stringify({ kind: 'Status', code, reason, message: `fake: ${reason}` }));
}

function mergePatch(before: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const after: Record<string, unknown> = { ...(before as object) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete after[key];
    else after[key] = mergePatch(after[key] ?? {}, value);
  }
  return after;
}

export async function startFakeApiServer(): Promise<FakeApiServer> {
  const fake = new Fake();
  await new Promise<void>((resolve) => fake.server.listen(0, '127.0.0.1', resolve));
  fake.url = `http://127.0.0.1:${(fake.server.address() as AddressInfo).port}`;
  return fake;
}

/** YAML of a kubeconfig for it (JSON is YAML). */
export function kubeconfigOf(url: string, user: object = { token: 'fake-token' }): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'fake',
    clusters: [{ name: 'fake', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'fake', user }],
    contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake' } }],
  });
}
