import type { Cast } from './cast.js';
import type { Draw } from './draw.js';
import type { Gateway } from './gateways.js';
import type { Living } from './ledger.js';

const patience = 5000;
/** Objects below which none is deleted. */
const fewest = 15;
/** Requests through gateways at once: one that hangs holds up nobody. */
const widest = 6;

/** Changes the O-Cloud, at itself and through the gateways. What came of it, the ledger says. */
export class Emitter {
  readonly #cast: Cast;
  readonly #draw: Draw;
  readonly #underWay = new Set<Promise<void>>();
  /** Objects that a gateway is asked to change: what becomes of them is not known yet. */
  readonly #busy = new Set<string>();
  /** O2 ids of pools that a gateway made. */
  readonly #ids = new Map<string, string>();
  /** Objects that somebody has been told of, as far as receipts have been looked through. */
  readonly #told = new Set<string>();
  #looked = 0;
  #objects = 0;
  #revision = 0;
  /** The gateway that was asked last. */
  last: Gateway | undefined;

  constructor(cast: Cast, draw: Draw) {
    this.#cast = cast;
    this.#draw = draw;
  }

  /** A few changes at once, often of one and the same object. */
  async burst(): Promise<void> {
    const count = this.#draw.between(1, 6);
    for (let n = 0; n < count; n += 1) await this.#change();
    if (this.#draw.part() < 0.3) await this.#hammer();
  }

  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async #change(): Promise<void> {
    const free = this.#cast.ledger.living.filter(({ object }) => !this.#busy.has(object));
    const pools = free.filter(({ kind }) => kind === 'pools');
    const part = this.#draw.part();
    if (free.length < fewest || part < 0.45) return this.#create(pools);
    const one = this.#draw.from(free);
    if (part < 0.7) return this.#modify(one);
    if (free.length > 2 * fewest || part > 0.85) await this.#delete(one, free);
  }

  #create(pools: readonly Living[]): Promise<void> {
    const attributes = { history: `o${(this.#objects += 1)}`, revision: (this.#revision += 1) };
    const { history: name } = attributes;
    if (pools.length > 3 && this.#draw.part() < 0.7)
      return this.#atOCloud('POST', '/v1/equipment', { pool: this.#draw.from(pools).id, attributes });
    if (this.#draw.part() < 0.5) return this.#atOCloud('POST', '/v1/pools', { name, attributes });
    return this.#throughGateway(name, 'POST', '', {
      name,
      description: 'of the fault harness',
      extensions: attributes,
    });
  }

  #modify({ object, kind, id }: Living): Promise<void> {
    const attributes = { revision: (this.#revision += 1) };
    const known = this.#ids.get(object);
    if (known !== undefined && this.#draw.part() < 0.7)
      return this.#throughGateway(object, 'PATCH', `/${known}`, { extensions: attributes });
    return this.#atOCloud('PATCH', `/v1/${kind}/${id}`, { attributes });
  }

  /** A life that began and ended while nobody watched could be known to nobody: what is deleted was told of before. */
  async #delete({ object, kind, id }: Living, all: readonly Living[]): Promise<void> {
    const { receipts } = this.#cast;
    for (; this.#looked < receipts.length; this.#looked += 1) this.#told.add(receipts[this.#looked]!.object ?? '');
    if (!this.#told.has(object)) return;
    if (kind === 'pools' && all.some(({ pool }) => pool === id)) return;
    const known = this.#ids.get(object);
    if (known !== undefined && this.#draw.part() < 0.7) return this.#throughGateway(object, 'DELETE', `/${known}`);
    return this.#atOCloud('DELETE', `/v1/${kind}/${id}`);
  }

  /** One object several times in a row: states that may be merged. */
  async #hammer(): Promise<void> {
    const free = this.#cast.ledger.living.filter(({ object }) => !this.#busy.has(object));
    if (free.length === 0) return;
    const { kind, id } = this.#draw.from(free);
    for (let n = 0; n < 4; n += 1)
      await this.#atOCloud('PATCH', `/v1/${kind}/${id}`, { attributes: { revision: (this.#revision += 1) } });
  }

  /** Refusals are of no interest (a pool that is not empty, an object that has gone): what happened is in the ledger. */
  async #atOCloud(method: string, path: string, body?: object): Promise<void> {
    await send(`${this.#cast.oCloud}${path}`, method, body);
  }

  async #throughGateway(object: string, method: string, path: string, body?: object): Promise<void> {
    if (this.#underWay.size >= widest) return;
    const gateway = this.#draw.from(this.#cast.gateways.all);
    this.last = gateway;
    this.#busy.add(object);
    const asked = send(`${gateway.url}/netweave/v1/resourcePools${path}`, method, body)
      .then((text) => {
        const { id } = (method === 'POST' && text ? JSON.parse(text) : {}) as { readonly id?: string };
        if (id !== undefined) this.#ids.set(object, id);
      })
      .catch(() => undefined)
      .finally(() => {
        this.#busy.delete(object);
        this.#underWay.delete(asked);
      });
    this.#underWay.add(asked);
  }
}

async function send(url: string, method: string, body?: object): Promise<string> {
  const type = method === 'PATCH' && url.includes('/netweave/') ? 'application/merge-patch+json' : 'application/json';
  const sent = body && { body: JSON.stringify(body), headers: { 'Content-Type': type } };
  const answer = await fetch(url, { method, ...sent, signal: AbortSignal.timeout(patience) });
  const text = await answer.text();
  return answer.ok ? text : '';
}
