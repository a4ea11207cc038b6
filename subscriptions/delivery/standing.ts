import type { StoredObject } from '#schema/change.js';
import type { Lease } from '#platform/store/store.js';
import { setTimeout as timeout } from 'node:timers/promises';
import type { Turn } from './course.js';
import type { Subscriber } from './deliveries.js';
import type { Progress } from './documents.js';
import type { Surroundings } from './surroundings.js';
import type { Held } from './workshop.js';

const attempts = 5;
const afterFailure = 1000;

/**
 * Shows in the row of a subscription how it is doing. What its consumer decided stays: one that is paused, or disabled, is
 * neither degraded nor active because of us. Answers with the row as it then stands; undefined when it is gone.
 */
async function turn(
  { store, owned }: Pick<Surroundings, 'store' | 'owned'>,
  id: string,
  { state, reason }: Turn,
  fence: Lease,
): Promise<StoredObject | undefined> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const [row] = await store.objects([{ object: 'InventorySubscription', id }]);
    if (!row || !turns(row, { state, ...(reason !== undefined && { reason }) })) return row;
    const { stateReason: _before, ...rest } = row.value;
    const value = { ...rest, state, ...(reason !== undefined && { stateReason: reason.slice(0, 1000) }) };
    const position = await owned.change(row, value, { fence });
    if (position) return { ...row, value, position };
  }
  throw new Error(`Subscription '${id}' kept changing under ${attempts} attempts to show that it is ${state}.`);
}

function turns({ value }: StoredObject, { state, reason }: Turn): boolean {
  const stands = value['state'];
  if (stands === 'paused' || stands === 'disabled') return false;
  return stands !== state || (state === 'degraded' && value['stateReason'] !== reason);
}

interface Around {
  readonly held: Held;
  /** The row as it now stands. */
  stood(row: Subscriber): void;
  /** Its consumer has resumed it before that it was disabled was known here. */
  resumed(): void;
  failed(error: unknown): void;
}

/** What the row of a subscription says of how it is doing; one change after another. */
export class Standing {
  readonly #shop: Pick<Surroundings, 'store' | 'owned'>;
  readonly #id: string;
  readonly #around: Around;
  #state: unknown;
  #lost: string | undefined;
  /** Its row has not said so: it was paused, or disabled. */
  #untold: boolean;
  #turning: Promise<void> = Promise.resolve();
  /** Disabled, or about to be: nothing may begin. `Infinity` until it is known where the row says so. */
  #haltedAt: number | undefined;
  #seen: number;
  #activates = false;
  #stopped = false;

  constructor(
    shop: Pick<Surroundings, 'store' | 'owned'>,
    row: Subscriber,
    { lost, untold }: Pick<Progress, 'lost' | 'untold'>,
    around: Around,
  ) {
    this.#shop = shop;
    this.#id = row.id;
    this.#around = around;
    this.#state = row.value['state'];
    this.#seen = row.position.seq;
    this.#untold = untold === true && this.#state !== 'degraded';
    this.#lost = this.#state === 'active' && !this.#untold ? undefined : lost;
    if (this.#state === 'active') this.#acknowledge();
  }

  get halted(): boolean {
    return this.#haltedAt !== undefined;
  }

  /** Why changes may be missing; shown until the consumer resumes the subscription. */
  get lost(): Pick<Progress, 'lost' | 'untold'> {
    return { ...(this.#lost !== undefined && { lost: this.#lost }), ...(this.#untold && { untold: true }) };
  }

  turn(wanted: Turn): void {
    if (wanted.state === 'disabled') this.#haltedAt = Infinity;
    const stillLost = wanted.state === 'active' && this.#lost !== undefined;
    this.#show(stillLost ? { state: 'degraded', reason: this.#lost! } : wanted);
  }

  lose(reason: string): void {
    [this.#lost, this.#untold] = [reason, true];
    this.#show({ state: 'degraded', reason });
  }

  /** Its consumer has resumed it, and with that has taken note of what its row said. */
  #acknowledge(): void {
    if (this.#untold) this.#show({ state: 'degraded', reason: this.#lost! });
    else this.#lost = undefined;
  }

  /** The row stands like this; says whether its consumer has resumed the subscription. */
  saw({ value, position }: Subscriber): boolean {
    const [before, after] = [this.#state, value['state']];
    this.#state = after;
    this.#seen = position.seq;
    if (after !== 'active') return false;
    // Who changes a row that is about to be disabled has not resumed it: only what comes after that has.
    if (this.#haltedAt !== undefined) return this.#lifted();
    const resumed = before !== 'active' && !this.#activates;
    this.#activates = false;
    if (resumed) this.#acknowledge();
    return resumed;
  }

  /** The log was rewritten: places in it say nothing of what came after what. */
  rebase(): void {
    if (this.#haltedAt !== undefined && this.#haltedAt !== Infinity) this.#haltedAt = -1;
  }

  #lifted(): boolean {
    if (this.#haltedAt === undefined || this.#state !== 'active' || this.#seen <= this.#haltedAt) return false;
    this.#haltedAt = undefined;
    this.#acknowledge();
    this.#activates = false;
    return true;
  }

  settled(): Promise<void> {
    return this.#turning;
  }

  stop(): void {
    this.#stopped = true;
  }

  #show(wanted: Turn): void {
    this.#turning = this.#turning.then(() => this.#write(wanted));
  }

  async #write(wanted: Turn): Promise<void> {
    for (; !this.#stopped; await timeout(afterFailure, undefined, { ref: false })) {
      const fence = this.#around.held();
      if (!fence) continue;
      try {
        this.#activates = wanted.state === 'active';
        const row = await turn(this.#shop, this.#id, wanted, fence);
        if (row?.value['state'] === 'degraded' && wanted.reason === this.#lost) this.#untold = false;
        if (row && wanted.state === 'disabled') this.#haltedAt = row.position.seq;
        if (row) this.#around.stood(row);
        if (this.#lifted()) this.#around.resumed();
        this.#activates = false;
        return;
      } catch (error) {
        this.#around.failed(error);
      }
    }
  }
}
