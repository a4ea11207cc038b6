import type { Position } from '#schema/position.js';
import type { Entry } from '../log/recent.js';
import type { Member } from './member.js';
import type { Stream } from './stream.js';
import { Texts } from './texts.js';

/** Everybody who is told the same. */
export class Group<T> {
  readonly stream: Stream<T>;
  readonly texts: Texts<T>;
  readonly members = new Set<Member<T>>();
  /** Those who have been told everything so far. */
  readonly current = new Set<Member<T>>();

  constructor(stream: Stream<T>) {
    this.stream = stream;
    this.texts = new Texts(stream);
  }

  /** Those of the entries that are told here. */
  wanted(entries: readonly Entry[]): readonly Entry[] {
    return entries.filter(({ event }) => event && this.stream.wants(event));
  }

  /**
   * Tells those who are current what came behind `before`, if that still holds when it is made. Who cannot take it catches up.
   * Undefined where there is nothing to tell: of a thousand groups with filters of their own one event concerns few.
   */
  publish(entries: readonly Entry[], before: Position, holds: () => boolean): Promise<void> | undefined {
    if (this.current.size === 0) return undefined;
    const wanted = this.wanted(entries);
    return wanted.length === 0 ? undefined : this.#tell(wanted, before, holds);
  }

  async #tell(wanted: readonly Entry[], before: Position, holds: () => boolean): Promise<void> {
    const told = await this.texts.of(wanted).catch((error: unknown) => {
      if (holds()) for (const member of this.current) member.fellBehind(before);
      throw error;
    });
    if (!holds()) return;
    const last = wanted.at(-1)!.change.position;
    for (const member of this.current) member.offer(told, before, last);
  }
}
