import { Fault } from '#schema/errors.js';
import type { ObjectName } from '#schema/objects.js';
import type { Adapter, ConnectContext, Connection, WritePort } from './contract.js';
import { backendGuard, type BackendGuard } from './kit/guard.js';

/** One backend of the configuration. */
export interface InstanceConfiguration {
  /** Immutable slug; ids are derived from it. */
  readonly key: string;
  readonly type: string;
  readonly options: unknown;
  /** Longest a write may take, milliseconds. */
  readonly deadline: number;
  /** Most writes at once. */
  readonly concurrency: number;
}

export interface Instance {
  readonly key: string;
  readonly type: string;
  readonly mapping: number;
  readonly connection: Connection;
}

/** All connected backends. Deadline, breaker and concurrency limit wrap every port here, once. */
export interface Registry {
  readonly instances: readonly Instance[];
  port(instance: string, object: ObjectName): WritePort | undefined;
  /** Instances whose port has this verb, in the order of the configuration. */
  able(object: ObjectName, verb: keyof WritePort): readonly string[];
  /** Runs a call to a backend under its deadline, breaker and concurrency limit. */
  guard<T>(instance: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export async function connectBackends(
  configurations: readonly InstanceConfiguration[],
  adapters: readonly Adapter[],
  contextOf: (instance: InstanceConfiguration) => ConnectContext,
): Promise<Registry> {
  const types = new Map(adapters.map((adapter) => [adapter.type, adapter]));
  const connected = new Map<string, Instance & { readonly guard: BackendGuard }>();
  for (const configuration of configurations) {
    const adapter = types.get(configuration.type)!;
    const options = adapter.config.parse(configuration.options);
    const connection = await adapter.connect(options, contextOf(configuration));
    const { key, type } = configuration;
    connected.set(key, { key, type, mapping: adapter.mapping, connection, guard: backendGuard(key, configuration) });
  }
  return {
    instances: [...connected.values()],
    port: (instance, object) => connected.get(instance)?.connection.ports[object],
    able: (object, verb) => [...connected.values()].flatMap((each) => (each.connection.ports[object]?.[verb] ? [each.key] : [])),
    guard(instance, signal, work) {
      const found = connected.get(instance);
      if (!found) throw new Fault('BACKEND_UNAVAILABLE', `The backend '${instance}' is not configured any more.`, { retryAfter: 60 });
      return found.guard(signal, work);
    },
    async close() {
      await Promise.allSettled([...connected.values()].map((each) => each.connection.close()));
    },
  };
}
