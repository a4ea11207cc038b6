import { setTimeout as timeout } from 'node:timers/promises';
import { origin, type Position } from '#schema/position.js';
import { Alarm } from './alarm.js';
import { Asking, wantsElse } from './asking.js';
import { Backlog } from './backlog.js';
import { fill } from './catch-up.js';
import { deliver, settle } from './deliver.js';
import type { Subscriber } from './deliveries.js';
import { tallyOf, type Progress, type Tally } from './documents.js';
import { endpointOf } from './limits.js';
import { ProgressWriter } from './progress-writer.js';
import type { Entry } from '../log/recent.js';
import { secretsInUse, type SecretsInUse } from './secrets.js';
import { Standing } from './standing.js';
import { healthOf, Tries } from './tries.js';
import type { Lost } from '../log/reader.js';
import type { Home, InTime, Stored, Workshop } from './workshop.js';

/** Different objects under way at once (ordering `resource`). */
const widest = 8;
const afterFailure = 1000;
/** Who owes something for longer than this has it written down; until then its shard is not marked beyond it. */
const brief = 250;

/** Delivers what is owed to one subscription. */
export class Worker {
  readonly id: string;
  readonly backlog: Backlog;
  readonly standing: Standing;
  readonly secrets: SecretsInUse;
  readonly #shop: Workshop;
  readonly #home: Home;
  readonly #tries: Tries;
  readonly #writer: ProgressWriter;
  readonly #alarm: Alarm;
  readonly #abandoned = new AbortController();
  readonly abandoned: AbortSignal = this.#abandoned.signal;
  #row: Subscriber;
  readonly #asking: Asking;
  readonly #tally: Tally;
  #endpoint: string;
  /** Since when something is owed; of one that catches up, since ever. */
  #owesSince = -Infinity;
  #stopping = false;
  #filling = false;
  #placed = false;

  constructor(shop: Workshop, row: Subscriber, stored: Stored, home: Home) {
    const { progress, revision } = stored;
    this.id = row.id;
    this.#shop = shop;
    this.#row = row;
    this.#endpoint = endpointOf(row.value['callback']);
    this.#home = home;
    this.backlog = new Backlog(progress.position, progress.window, (seq) => shop.tail.recent.at(seq));
    this.#tries = new Tries(healthOf(progress, row.value['state'] === 'degraded'), progress.failing);
    this.#tally = tallyOf(progress);
    this.#alarm = new Alarm(shop.clock, () => this.pump());
    this.secrets = secretsInUse(shop, this.id);
    const known = { revision, owing: progress.owed !== undefined };
    this.#writer = new ProgressWriter(this.id, known, () => this.progress(), {
      store: shop.store,
      clock: shop.clock,
      pace: shop.pace,
      lease: home.held,
      lost: () => this.abandon(),
      failed: (error) => this.#report('The progress of a subscription could not be stored.', error),
    });
    this.standing = new Standing(shop, row, progress, {
      held: home.held,
      stood: (stands) => this.update(stands),
      resumed: () => this.#afresh(),
      failed: (error) => this.#report('What a subscription is doing could not be shown.', error),
    });
    this.#asking = new Asking(row.id, shop, {
      turn: (turn) => this.standing.turn(turn),
      report: (message, error) => this.#report(message, error),
    });
    shop.roster.set(this.id, this);
    this.#asking.read(row);
    // What a crash kept from being shown.
    const reason = `Notifications fail: ${this.#tries.failing?.error ?? 'several in a row.'}`;
    if (this.#tries.health.degraded && row.value['state'] === 'active')
      this.standing.turn({ state: 'degraded', reason });
  }

  get row(): Subscriber {
    return this.#row;
  }

  get endpoint(): string {
    return this.#endpoint;
  }

  /** Whether it delivers: neither its consumer nor its callback has stopped it, and nobody else does. */
  get running(): boolean {
    const state = this.#row.value['state'];
    if (state !== 'active' && state !== 'degraded') return false;
    if (!this.#asking.able || this.standing.halted || this.#stopping || this.#left) return false;
    return this.#home.held() !== undefined && !this.#gone;
  }

  /** The view has come further than its row, and has it no longer: the tail brings that it was deleted. */
  get #gone(): boolean {
    const { subscribers } = this.#shop;
    return subscribers.get(this.id) === undefined && subscribers.position().seq >= this.#row.position.seq;
  }

  /** The order to send again that was carried out last. */
  get replayed(): string | undefined {
    return this.#tally.replayed;
  }

  get #left(): boolean {
    return this.abandoned.aborted;
  }

  progress(): Progress {
    const { failing, health } = this.#tries;
    const window = this.backlog.outOfOrder();
    const since = this.backlog.oldest()?.change.at;
    return {
      position: this.backlog.position(this.#shop.tail.position),
      ...this.#tally,
      ...(!this.backlog.clear && { owed: { ...(since !== undefined && { since }) } }),
      ...(window && { window }),
      ...(failing && { failing }),
      ...((health.failures > 0 || health.degraded) && { health }),
      ...this.standing.lost,
    };
  }

  /** A change that the subscription matches has come. */
  offer(entry: Entry, before: Position): void {
    if (this.backlog.clear) this.#owesSince = performance.now();
    this.backlog.offer(entry, before);
    this.pump();
  }

  /** Whether it matches a change behind `before` was not found out: it reads that in the log, as who catches up does. */
  unasked(before: Position, failure?: { readonly error: unknown }): void {
    if (failure) this.#asking.failed(failure.error);
    if (this.backlog.live) this.backlog.rescan(before);
    this.pump();
  }

  /** Whether it reads the log: by who cannot tell what is owed, all would be passed over, but where it stands has to be known. */
  get #seeks(): boolean {
    return !this.#left && (this.#asking.able || !this.#placed);
  }

  /** Begins whatever may begin now. */
  pump(): void {
    if (this.#left) return;
    while (this.running) {
      const apart = this.#row.value['ordering'] === 'resource';
      const entry = this.#tries.next(() => this.backlog.take(apart), apart ? widest : 1, this.#shop.clock.settled());
      if (!entry) break;
      this.#tries.begin(entry, () => this.#inTurn(entry));
    }
    if (this.backlog.wanted && this.#seeks && !this.#filling) void this.#fill();
    this.#alarm.set(this.running && this.#tries.underWay === 0 ? this.#tries.earliest() : undefined);
  }

  /** Waits for a place among all that is under way, and posts. */
  #inTurn(entry: Entry): Promise<void> {
    const retry = this.#tries.isRetry(entry) || this.#tries.health.failures > 0;
    const purpose = { endpoint: this.#endpoint, tenant: this.#row.tenant, retry };
    const posted = this.#shop.limits.within(purpose, (asked) =>
      this.#deliver(entry, asked).catch(async (error: unknown) => {
        this.#report('A notification could not be dealt with.', error);
        await timeout(afterFailure, undefined, { ref: false });
        settle(entry, 'kept', this.#tries, this.backlog);
      }),
    );
    return posted.then(() => this.pump());
  }

  async #deliver(entry: Entry, asked: () => void): Promise<void> {
    this.update(this.#shop.subscribers.get(this.id) ?? this.#row);
    if (!this.running || this.backlog.comesAgain(entry)) return settle(entry, 'kept', this.#tries, this.backlog);
    const end = await deliver(this.#shop, entry, {
      row: this.#row,
      tries: this.#tries,
      secrets: this.secrets,
      held: this.#home.held,
      signal: this.abandoned,
      tally: this.#tally,
      turn: (turn) => this.standing.turn(turn),
      asked,
    });
    if (end === 'taken') return this.abandon();
    if (end === 'delivered') this.#tally.delivered += 1;
    settle(entry, end, this.#tries, this.backlog);
    if (end === 'delivered' && (this.backlog.clear ? !this.#writer.saysOwing : this.#isBrief)) this.#writer.saveLater();
    else this.#writer.save();
  }

  get #isBrief(): boolean {
    return performance.now() - this.#owesSince < brief;
  }

  /** Its place stands in the log that is followed, and is stored: not before may its shard be marked in that log. */
  get placed(): boolean {
    return this.#placed;
  }

  /** How far the shard may be marked for all of this one; undefined when what it owes must be written down first. */
  markable(): Position | undefined {
    const { position } = this.#shop.tail;
    if (this.backlog.clear || this.#writer.saysOwing) return position;
    return this.#isBrief ? this.backlog.position(position) : undefined;
  }

  /** Looks in the log for what is owed. */
  async #fill(): Promise<void> {
    this.#filling = true;
    const around = { ...this.#shop, turns: this.#shop.turns.of(this.#row.tenant ?? '') };
    await fill(this.backlog, around, {
      left: () => !this.#seeks,
      stands: () => void (this.#placed = true),
      wants: ({ event }) => !!event && this.#asking.wants(this.#row, event),
      found: () => this.pump(),
      lost: (why) => this.#relocate(why),
      failed: (error) => this.#asking.able && this.#report('The log could not be read for a subscription.', error),
    });
    this.#filling = false;
    // A new one is written down as owed what comes; who then wants nothing of it would stand there for ever.
    if (this.backlog.clear && this.#writer.saysOwing) this.#writer.saveLater();
    this.pump();
  }

  async #relocate(why: Lost): Promise<void> {
    const from = this.backlog.wanted;
    const place = this.backlog.position(this.#shop.tail.position);
    const { position, lost } = await this.#shop.relocation.relocate(place, this.#home.passed(), why);
    // It may have been sent elsewhere meanwhile.
    if (this.backlog.wanted !== from) return;
    if (why.outcome === 'rewritten') this.#startOver(position);
    else this.backlog.restart(position);
    if (lost !== undefined) this.standing.lose(lost);
    this.#writer.save();
    await this.#writer.flushed();
  }

  #startOver(position: Position): void {
    this.backlog.startOver(position, (entry) => this.#tries.isUnderWay(entry));
    this.#tries.drop();
  }

  update(row: Subscriber): void {
    if (row.position.seq <= this.#row.position.seq) return;
    const before = this.#row.value;
    this.#row = row;
    this.#endpoint = endpointOf(row.value['callback']);
    const { able } = this.#asking;
    const otherwise = wantsElse(before, row.value);
    if (otherwise) this.backlog.rescan(this.#shop.tail.position);
    const resumed = this.standing.saw(row);
    if (otherwise || (resumed && !able)) this.#asking.read(row);
    if (resumed || before['callback'] !== row.value['callback'] || (!able && this.#asking.able)) this.#afresh();
    this.pump();
  }

  /** Everything may be tried at once. */
  #afresh(): void {
    this.#tries.refresh(this.#row.value['state'] === 'degraded');
    this.#writer.save();
    this.pump();
  }

  /** Sends everything behind `position` again. Resolves when that is stored. */
  async replay(position: Position, of: string): Promise<void> {
    this.backlog.goBack(position, this.#shop.tail.position, (entry) => this.#tries.isUnderWay(entry));
    this.#tries.drop();
    this.#tally.replayed = of;
    this.#writer.save();
    this.pump();
    await this.#writer.flushed();
  }

  /** The log was rewritten: finds its own place in it; what was taken of the former one says nothing of this. */
  rebase(tail: Position): void {
    this.#row = { ...this.#row, position: origin };
    this.#placed = false;
    this.standing.rebase();
    this.#startOver(this.backlog.position(tail));
    this.pump();
  }

  /** Makes sure that the shard can be marked without passing over what is owed here. */
  owing(): Promise<boolean> {
    return this.#writer.owing();
  }

  /** Begins nothing more; says whether what is under way was done and stored in time. */
  async stop(inTime: InTime): Promise<boolean> {
    this.#stopping = true;
    this.#alarm.set(undefined);
    const done = await inTime(this.#tries.settled().then(() => this.standing.settled()));
    this.#writer.save();
    return (await inTime(this.#writer.flushed())) && done;
  }

  /** Leaves everything as it is: it is another's, or gone. */
  abandon(): void {
    this.#abandoned.abort();
    this.#writer.stop();
    this.standing.stop();
    this.#alarm.set(undefined);
    if (this.#shop.roster.get(this.id) !== this) return;
    this.#shop.roster.delete(this.id);
    this.#shop.index.remove(this.id);
  }

  #report(message: string, error: unknown): void {
    if (!this.#left) this.#shop.warn(message, { subscriptionId: this.id, err: error });
  }
}
