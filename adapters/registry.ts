import { Fault } from '#schema/errors.js';
import type { ObjectName } from '#schema/objects.js';
import { connecting, type Connecting } from './connecting.js';
import type { Adapter, ConnectContext, Connection, WritePort } from './contract.js';
import { backendGuard, NothingSent, type BackendGuard, type Breaker } from './kit/guard.js';

/** One backend of the configuration. */
export interface InstanceConfiguration {
  /** Immutable slug; ids are derived from it. */
  readonly key: string;
  readonly type: string;
  /** False: nothing of it is called. */
  readonly enabled?: boolean;
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

/** What happens to instances, for those who keep account of it. */
export interface RegistryEvents {
  connected(instance: Instance): void;
  /** An attempt to connect failed; the next one follows by itself. */
  away(instance: string, reason: string): void;
  /** A call to a backend has ended: `OK` or the code of the fault. */
  called(instance: string, code: string): void;
}

/** All backends of the configuration. Deadline, breaker and concurrency limit wrap every port here, once. */
export interface Registry {
  /** The connected ones, in the order of the configuration. */
  readonly instances: readonly Instance[];
  /** Undefined when the backend has none for the object. Throws BACKEND_UNAVAILABLE while the backend is away. */
  port(instance: string, object: ObjectName): WritePort | undefined;
  /** Connected instances whose port has this verb, in the order of the configuration. */
  able(object: ObjectName, verb: keyof WritePort): readonly string[];
  /** Instances of the configuration that are disabled or not connected: nobody knows what they could do. */
  absent(): readonly string[];
  /** Runs a call to a backend under its deadline, breaker and concurrency limit. */
  guard<T>(instance: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  breaker(instance: string): Breaker;
  close(): Promise<void>;
}

interface Place {
  readonly configuration: InstanceConfiguration;
  readonly guard: BackendGuard;
  instance: Instance | undefined;
}

const nothing: RegistryEvents = { connected: () => undefined, away: () => undefined, called: () => undefined };
const untilConnected = 5;
const untilConfigured = 60;

/**
 * Connects all instances at once. Resolves when each has been tried, or after `patience` (milliseconds); what is away then is
 * tried on and on. Throws Fault INVALID when an adapter says so of its configuration.
 */
export async function connectBackends(
  configurations: readonly InstanceConfiguration[],
  adapters: readonly Adapter[],
  contextOf: (instance: InstanceConfiguration) => ConnectContext,
  events: RegistryEvents = nothing,
  patience = 2_000,
): Promise<Registry> {
  const types = new Map(adapters.map((adapter) => [adapter.type, adapter]));
  const places = new Map(
    configurations.map((configuration): [string, Place] => {
      const { key } = configuration;
      return [key, { configuration, guard: backendGuard(key, configuration), instance: undefined }];
    }),
  );
  const misconfigured = new Map<Fault, string>();
  let starting = true;
  const attempts = [...places.values()].flatMap((place): Connecting[] => {
    const { key, type, options, enabled = true } = place.configuration;
    if (!enabled) return [];
    const adapter = types.get(type)!;
    const connected = (connection: Connection) => {
      place.instance = { key, type, mapping: adapter.mapping, connection };
      events.connected(place.instance);
    };
    const connect = async () => adapter.connect(adapter.config.parse(options), contextOf(place.configuration));
    const failed = (reason: string, blamed: Fault | undefined) => {
      // What ends the start is told by it, and not tried again.
      if (starting && blamed) misconfigured.set(blamed, key);
      else events.away(key, reason);
    };
    return [connecting(connect, connected, failed)];
  });
  const registry = registryOf(places, attempts, events);
  try {
    await triedWithin(patience, attempts);
  } catch (error) {
    await registry.close();
    const key = misconfigured.get(error as Fault);
    throw key === undefined ? error : unusable(key, error as Fault);
  } finally {
    starting = false;
  }
  return registry;
}

function unusable(key: string, { message, detail }: Fault): Fault {
  const todo = 'Correct the options of this backend, or set `enabled: false` for it, and start again.';
  return new Fault(
    'INVALID',
    `The backend '${key}' cannot be connected: ${message.replace(/\.?$/, '.')} ${todo}`,
    detail,
  );
}

async function triedWithin(patience: number, attempts: readonly Connecting[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, patience)));
  try {
    await Promise.race([Promise.all(attempts.map(({ tried }) => tried)), enough]);
  } finally {
    clearTimeout(timer);
  }
}

function registryOf(
  places: ReadonlyMap<string, Place>,
  attempts: readonly Connecting[],
  events: RegistryEvents,
): Registry {
  const connected = () => [...places.values()].flatMap(({ instance }) => instance ?? []);
  const connection = (key: string): Connection => {
    const place = places.get(key);
    if (place?.instance) return place.instance.connection;
    throw away(key, place?.configuration);
  };
  return {
    get instances() {
      return connected();
    },
    port: (instance, object) => connection(instance).ports[object],
    able: (object, verb) => connected().flatMap((each) => (each.connection.ports[object]?.[verb] ? [each.key] : [])),
    absent: () => [...places].flatMap(([key, { instance }]) => (instance ? [] : [key])),
    async guard(instance, signal, work) {
      connection(instance);
      let code = 'OK';
      try {
        return await places.get(instance)!.guard.run(signal, work);
      } catch (error) {
        code = (error as Fault).code;
        throw error;
      } finally {
        events.called(instance, code);
      }
    },
    breaker: (instance) => places.get(instance)?.guard.breaker ?? 'closed',
    async close() {
      await Promise.allSettled(attempts.map((each) => each.close()));
    },
  };
}

/** Why there is no connection; what would have been written was not sent. */
function away(key: string, configuration: InstanceConfiguration | undefined): NothingSent {
  if (!configuration) return new NothingSent(`The backend '${key}' is not configured any more.`, untilConfigured);
  if (configuration.enabled === false) return new NothingSent(`The backend '${key}' is disabled.`, untilConfigured);
  return new NothingSent(`The backend '${key}' is not connected; the gateway keeps trying.`, untilConnected);
}
