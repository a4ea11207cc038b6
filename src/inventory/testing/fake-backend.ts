import type { Connection, Cursor, NativeBatch, NativeEvent, Projections } from '#adapters/contract.js';
import { objectId } from '#adapters/kit/identity.js';

export const oCloudId = '5b1f6f8c-6c3e-4d0c-9a51-3f3b8a1f0e11';
export const instance = 'east';

export type NativeKind = 'server' | 'rack';
/** How the backend's versions are: numbers that grow, words without order, or none. */
export type Versions = 'ordered' | 'unordered' | 'none';
/** `replay`: a watch whose lists are not of one moment, and which then tells again all that happened since they began. */
export type Reading = 'watch' | 'replay' | 'poll';

export interface Native {
  readonly kind: NativeKind;
  readonly identity: string;
  readonly pool: string;
  /** Raised with every change at the backend: tells later states from earlier ones, to the test alone. */
  readonly revision: number;
}

/** One state in the life of a native; `native` is undefined while it does not exist. */
export interface State {
  readonly revision: number;
  readonly native: Native | undefined;
}

export const idOf = (object: 'Resource' | 'ResourcePool', identity: string): string =>
  objectId(oCloudId, instance, object, identity);

const word = (revision: number): string => `w${(revision * 2654435761) % 1_000_003}`;

/** Servers are resources; a pool is made of the servers and racks that name it, and tells the revisions of all of them. */
const projectionsOf = (prefix: string): Projections => ({
  Resource: {
    each: 'server',
    build: ({ pool, revision }: Native) => ({
      value: {
        resourcePoolId: idOf('ResourcePool', pool),
        resourceTypeId: 'server',
        description: `${prefix}${revision}`,
        tags: [],
        groups: [],
        elements: [],
      },
      tenant: null,
    }),
  },
  ResourcePool: {
    contribute: { server: contribute, rack: contribute },
    build: (key: string, contributions: readonly unknown[]) => ({
      value: {
        name: key,
        description: `${prefix}${contributions.toSorted().join(' ')}`,
        oCloudSiteId: 'site',
        oCloudId,
        globalLocationId: 'here',
      },
      tenant: null,
    }),
  },
});

function contribute({ kind, identity, pool, revision }: Native): (readonly [string, string])[] {
  return [[pool, `${kind}/${identity}=${revision}`]];
}

/** A backend whose every word to the gateway is sent when the test says so. */
export class FakeBackend {
  readonly versions: Versions;
  /** What projections put before every description. */
  described = '';
  readonly #natives = new Map<string, Native>();
  readonly #events: NativeEvent[] = [];
  readonly #history = new Map<string, State[]>();
  #revision = 0;
  /** Batches of the stream that the test lets pass, and who waits for one. */
  #permits = 0;
  #waiting: (() => void) | undefined;
  #broken: Error | undefined;
  /** Cursors before this are too old. */
  #horizon = 0;

  constructor(versions: Versions) {
    this.versions = versions;
  }

  natives(): readonly Native[] {
    return [...this.#natives.values()];
  }

  /** What a view of it must hold: descriptions by id. */
  expected(): Record<string, string> {
    const natives = this.natives();
    const servers = natives.filter(({ kind }) => kind === 'server');
    const resources = servers.map(
      ({ identity, revision }) => [idOf('Resource', identity), `${this.described}${revision}`] as const,
    );
    const pools = [...new Set(natives.map(({ pool }) => pool))].map((pool) => {
      const members = natives.filter((each) => each.pool === pool).flatMap((each) => contribute(each));
      return [
        idOf('ResourcePool', pool),
        `${this.described}${members
          .map(([, text]) => text)
          .toSorted()
          .join(' ')}`,
      ] as const;
    });
    return Object.fromEntries([...resources, ...pools]);
  }

  /** Every state of a native, the absence before its first one included. */
  history(kind: string, identity: string): readonly State[] {
    return this.#history.get(`${kind}/${identity}`) ?? [{ revision: 0, native: undefined }];
  }

  put(kind: NativeKind, identity: string, pool: string): NativeEvent {
    return this.#note(kind, identity, { kind, identity, pool, revision: this.#revision + 1 });
  }

  /** Undefined when there is nothing to delete. */
  delete(kind: NativeKind, identity: string): NativeEvent | undefined {
    return this.#natives.has(`${kind}/${identity}`) ? this.#note(kind, identity, undefined) : undefined;
  }

  /** Lets so many batches of the stream pass. */
  pass(batches: number): void {
    this.#permits += batches;
    this.#waiting?.();
  }

  /** Cuts the stream. With `forget`, the places of cursors so far are forgotten too. */
  cut(forget: boolean): void {
    if (forget) this.#horizon = this.#events.length;
    this.#broken = new Error('The line was cut.');
    this.#waiting?.();
  }

  connection(reading: Reading): Connection {
    const { versions } = this;
    return {
      project: projectionsOf(this.described),
      ports: {},
      ...(reading === 'poll'
        ? { list: (signal) => this.#list(signal, reading), pollInterval: 5000 }
        : { watch: (signal, cursor) => this.#watch(signal, cursor, reading) }),
      ...(versions === 'ordered' && { newer: (a, b) => Number(a) > Number(b) }),
      close: () => Promise.resolve(),
    };
  }

  async *#watch(signal: AbortSignal, cursor: Cursor | undefined, reading: Reading): AsyncGenerator<NativeBatch> {
    let place = cursor === undefined ? -1 : Number(cursor['all']);
    if (place < this.#horizon) {
      place = this.#events.length;
      yield* this.#list(signal, reading, place);
    } else yield { events: [], cursor: { all: `${place}` } };
    for (;;) {
      while (place === this.#events.length && !signal.aborted && !this.#broken) await this.#next();
      if (!(await this.#permitted(signal))) return;
      const event = this.#events[place];
      if (!event) continue;
      place += 1;
      yield { events: [event], cursor: { all: `${place}` } };
    }
  }

  /** What there was at one moment, sent in pieces. */
  async *#list(signal: AbortSignal, reading: Reading, place?: number): AsyncGenerator<NativeBatch> {
    const atOnce = this.natives();
    for (const kind of ['server', 'rack'] as const) {
      const natives = reading === 'replay' ? this.natives() : atOnce;
      const events = natives.filter((native) => native.kind === kind).map((native) => this.#upsert(native));
      const middle = Math.ceil(events.length / 2);
      for (const half of [
        [{ type: 'begin', kind } as const, ...events.slice(0, middle)],
        [...events.slice(middle), { type: 'complete', kind } as const],
      ]) {
        if (!(await this.#permitted(signal))) return;
        yield { events: half };
      }
    }
    if (place !== undefined) yield { events: [], cursor: { all: `${place}` } };
  }

  /** Waits for the next permit; false when the stream is to end. Throws when it was cut. */
  async #permitted(signal: AbortSignal): Promise<boolean> {
    while (this.#permits === 0 && !signal.aborted && !this.#broken) await this.#next();
    const broken = this.#broken;
    this.#broken = undefined;
    if (broken) throw broken;
    if (signal.aborted) return false;
    this.#permits -= 1;
    signal.addEventListener('abort', () => this.#waiting?.(), { once: true });
    return true;
  }

  /** A permit, a change, a cut or a moment. */
  async #next(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting = resolve;
      setImmediate(resolve);
    });
  }

  #note(kind: NativeKind, identity: string, native: Native | undefined): NativeEvent {
    this.#revision += 1;
    const key = `${kind}/${identity}`;
    this.#history.set(key, [...this.history(kind, identity), { revision: this.#revision, native }]);
    if (native) this.#natives.set(key, native);
    else this.#natives.delete(key);
    const event: NativeEvent = native
      ? this.#upsert(native)
      : { type: 'delete', kind, identity, ...this.#version(this.#revision) };
    this.#events.push(event);
    return event;
  }

  #upsert(native: Native): NativeEvent {
    const { kind, identity, revision } = native;
    return { type: 'upsert', kind, identity, native, ...this.#version(revision) };
  }

  #version(revision: number): { readonly version?: string } {
    if (this.versions === 'none') return {};
    return { version: this.versions === 'ordered' ? `${revision}` : word(revision) };
  }
}
