import { LRUCache } from 'lru-cache';
import { Speed } from './speed.js';

/** How many notifications may be under way at once. */
export interface ParallelLimits {
  /** To one endpoint (scheme, host and port). */
  readonly perEndpoint: number;
  readonly perTenant: number;
  readonly altogether: number;
}

const parallelLimits: ParallelLimits = { perEndpoint: 8, perTenant: 64, altogether: 512 };

/** Begun for one tenant in one turn of the loop: who is told little waits for few of who is told much. */
const mostInTurn = 4;
/**
 * How long a turn is, at the least, while more than one tenant is told something, milliseconds. A loop that one tenant keeps busy
 * is late for all; so it leaves the others most of it: a notification beside 50,000 of another tenant took 1.3 times as long as
 * alone (two runs), 1.6 and 2.4 times with turns of the loop alone, and those 50,000 went out at 945/s instead of 2,000 to 2,600.
 */
const sharedTurn = 4;
/** For so long after tenants took turns there is more than one, milliseconds. */
const sharedFor = 1000;

/** Endpoints that are remembered while nobody calls them. */
const mostRemembered = 10_000;

/** For whom a request is made; `retry`: an earlier attempt at the same notification failed. */
export interface Purpose {
  readonly endpoint: string;
  readonly tenant: string | null;
  readonly retry: boolean;
}

/** Begins when its turn has come; calls `leave` once when it is done, and says whether the endpoint was asked. */
type Job = (leave: (asked?: boolean) => void) => void;

interface Endpoint {
  active: number;
  lanes: number;
  /** Lanes that wait for it alone. */
  readonly parked: Set<Lane>;
}

interface Tenant {
  active: number;
  /** Begun in this turn of the loop. */
  begun: number;
  retrying: number;
  readonly lanes: { readonly first: Set<Lane>; readonly retries: Set<Lane> };
}

interface Way {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly tenant: Tenant;
  readonly speed: Speed;
  /** It has a place among the retries. */
  readonly retry: boolean;
}

/** What one tenant wants of one endpoint, in order. */
interface Lane extends Way {
  readonly key: string;
  readonly jobs: Set<Job>;
}

/**
 * Lets requests begin, tenants and their endpoints in turn. Retries, and whatever is for slow endpoints, get at most half of the
 * places: callbacks that never answer, or late, cannot fill them all.
 */
export class Limits {
  readonly #limits: ParallelLimits;
  readonly #perTurn: number;
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #tenants = new Map<string | null, Tenant>();
  readonly #lanes = new Map<string, Lane>();
  readonly #speeds = new LRUCache<string, Speed>({ max: mostRemembered });
  /** Tenants that may have something to begin, next one first. */
  readonly #ready = new Set<Tenant>();
  #active = 0;
  #retrying = 0;
  #pumping = false;
  /** Tenants that began something in this turn. */
  readonly #begun = new Set<Tenant>();
  /** Who began something last, and when it was somebody else before. */
  #last: Tenant | undefined;
  #sharedAt = -Infinity;

  constructor(limits: ParallelLimits = parallelLimits, perTurn = mostInTurn) {
    this.#limits = limits;
    this.#perTurn = perTurn;
  }

  get active(): number {
    return this.#active;
  }

  /** Runs what says when the endpoint was `asked` with a place of its own; resolves when it has ended and left. */
  within(purpose: Purpose, run: (asked: () => void) => Promise<void>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.enter(purpose, (leave) => {
      let was = false;
      void run(() => (was = true)).finally(() => {
        leave(was);
        resolve();
      });
    });
    return promise;
  }

  enter(purpose: Purpose, job: Job): void {
    const { endpoint: name } = purpose;
    const [endpoint, tenant] = [this.#endpointOf(name), this.#tenantOf(purpose.tenant)];
    const speed = this.#speedOf(purpose);
    const retry = purpose.retry || speed.isSlow;
    // Nobody is in line: it begins at once.
    const free = this.#ready.size === 0 && endpoint.parked.size === 0 && !this.#pumping;
    const way = { name, endpoint, tenant, speed, retry };
    if (free && this.#hasPlace(way)) return this.#begin(way, job);
    const lane = this.#laneOf(purpose);
    lane.jobs.add(job);
    if (!lane.endpoint.parked.has(lane)) this.#offer(lane);
    this.#pump();
  }

  #hasPlace(way: Way): boolean {
    const { perTenant, altogether } = this.#limits;
    const { tenant } = way;
    const place = this.#active < altogether && tenant.active < perTenant && tenant.begun < this.#perTurn;
    return place && this.#mayCall(way) && (!way.retry || this.#mayRetry(tenant));
  }

  #mayCall({ endpoint, speed }: Pick<Way, 'endpoint' | 'speed'>): boolean {
    return endpoint.active < this.#limits.perEndpoint && speed.hasRoom;
  }

  #offer(lane: Lane): void {
    const { first, retries } = lane.tenant.lanes;
    if (lane.retry || lane.speed.isSlow) {
      first.delete(lane);
      retries.add(lane);
    } else if (!retries.has(lane)) first.add(lane);
    this.#ready.add(lane.tenant);
  }

  #pump(): void {
    // A job that is over at once comes back here: the loop that began it goes on.
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#active < this.#limits.altogether) {
      const [tenant] = this.#ready;
      if (!tenant) break;
      this.#ready.delete(tenant);
      if (this.#beginOne(tenant)) this.#ready.add(tenant);
    }
    this.#pumping = false;
  }

  #beginOne(tenant: Tenant): boolean {
    if (tenant.active >= this.#limits.perTenant || tenant.begun >= this.#perTurn) return false;
    return this.#beginFrom(tenant, 'first') || (this.#mayRetry(tenant) && this.#beginFrom(tenant, 'retries'));
  }

  #mayRetry(tenant: Tenant): boolean {
    const { perTenant, altogether } = this.#limits;
    return tenant.retrying < Math.ceil(perTenant / 2) && this.#retrying < Math.ceil(altogether / 2);
  }

  #beginFrom({ lanes: all }: Tenant, which: keyof Tenant['lanes']): boolean {
    const lanes = all[which];
    for (const lane of lanes) {
      lanes.delete(lane);
      if (which === 'first' && lane.speed.isSlow) {
        all.retries.add(lane);
        continue;
      }
      if (!this.#mayCall(lane)) {
        lane.endpoint.parked.add(lane);
        continue;
      }
      const job = first(lane.jobs);
      lane.jobs.delete(job);
      if (lane.jobs.size > 0) lanes.add(lane);
      else this.#drop(lane);
      this.#begin({ ...lane, retry: which === 'retries' }, job);
      return true;
    }
    return false;
  }

  #begin(way: Way, job: Job): void {
    this.#count(way, 1);
    this.#noteTurn(way.tenant);
    let left = false;
    const ended = way.speed.begin();
    job((asked = false) => {
      if (left) return;
      left = true;
      ended(asked);
      this.#count(way, -1);
      this.#left(way);
    });
  }

  /** Notes what began in this turn; who has begun enough goes on in the next one. */
  #noteTurn(tenant: Tenant): void {
    tenant.begun += 1;
    this.#begun.add(tenant);
    const now = performance.now();
    if (this.#last && tenant !== this.#last) this.#sharedAt = now;
    this.#last = tenant;
    if (this.#begun.size > 1 || tenant.begun > 1) return;
    if (now - this.#sharedAt < sharedFor) setTimeout(() => this.#nextTurn(), sharedTurn);
    else setImmediate(() => this.#nextTurn());
  }

  #nextTurn(): void {
    for (const each of this.#begun) {
      each.begun = 0;
      if (each.lanes.first.size + each.lanes.retries.size > 0) this.#ready.add(each);
    }
    this.#begun.clear();
    this.#pump();
  }

  #count({ endpoint, tenant, retry }: Way, by: 1 | -1): void {
    endpoint.active += by;
    tenant.active += by;
    this.#active += by;
    if (!retry) return;
    tenant.retrying += by;
    this.#retrying += by;
  }

  #left({ endpoint, tenant, name, retry }: Way): void {
    for (const lane of endpoint.parked) this.#offer(lane);
    endpoint.parked.clear();
    if (tenant.lanes.first.size + tenant.lanes.retries.size > 0) this.#ready.add(tenant);
    // What waited for a place among the retries of all.
    if (retry) for (const each of this.#tenants.values()) if (each.lanes.retries.size > 0) this.#ready.add(each);
    this.#pump();
    const unused = endpoint.active === 0 && endpoint.lanes === 0;
    if (unused && this.#endpoints.size > mostRemembered) this.#endpoints.delete(name);
  }

  #drop(lane: Lane): void {
    this.#lanes.delete(lane.key);
    lane.endpoint.lanes -= 1;
  }

  #endpointOf(name: string): Endpoint {
    let endpoint = this.#endpoints.get(name);
    if (!endpoint) this.#endpoints.set(name, (endpoint = { active: 0, lanes: 0, parked: new Set() }));
    return endpoint;
  }

  #tenantOf(name: string | null): Tenant {
    let tenant = this.#tenants.get(name);
    if (tenant) return tenant;
    tenant = { active: 0, begun: 0, retrying: 0, lanes: { first: new Set(), retries: new Set() } };
    this.#tenants.set(name, tenant);
    return tenant;
  }

  /** Of each tenant its own: nobody waits for what somebody else has asked. */
  #speedOf({ endpoint, tenant }: Pick<Purpose, 'endpoint' | 'tenant'>): Speed {
    const key = `${tenant ?? ''} ${endpoint}`;
    let speed = this.#speeds.get(key);
    if (!speed) this.#speeds.set(key, (speed = new Speed()));
    return speed;
  }

  #laneOf({ endpoint: name, tenant: owner, retry }: Purpose): Lane {
    const key = `${retry} ${name} ${owner ?? ''}`;
    let lane = this.#lanes.get(key);
    if (lane) return lane;
    const [endpoint, tenant] = [this.#endpointOf(name), this.#tenantOf(owner)];
    const speed = this.#speedOf({ endpoint: name, tenant: owner });
    lane = { key, name, endpoint, tenant, speed, retry, jobs: new Set() };
    endpoint.lanes += 1;
    this.#lanes.set(key, lane);
    return lane;
  }
}

/** Of a set that is not empty. */
function first<T>(all: ReadonlySet<T>): T {
  return all.values().next().value as T;
}

/** Scheme, host and port. */
export function endpointOf(callback: unknown): string {
  return URL.parse(String(callback))?.origin ?? '';
}
