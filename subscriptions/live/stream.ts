import type { Fault } from '#schema/errors.js';
import type { Position } from '#schema/position.js';
import type { ToldEvent } from '../log/told-event.js';
import type { AttributeKey } from '../matcher/keys.js';

/** What happened up to a position is not told: it is not known to anybody, or cannot be put into words. */
export interface Gap {
  /**
   * `TRIMMED`: older than what is kept; `REWRITTEN`: of a log that lost its end in a failover, or of another store; `FAILED`:
   * the one change at the position could not be told.
   */
  readonly reason: 'TRIMMED' | 'REWRITTEN' | 'FAILED';
  /** From where it goes on. */
  readonly position: Position;
}

/** What is told of one event, the same for everybody whose stream has the same key. */
export interface Told<T> {
  readonly position: Position;
  readonly what: T;
  /** Of memory, about. */
  readonly bytes: number;
}

/** Values of attributes of one object. */
export interface ObjectKeys {
  readonly object: string;
  readonly keys: readonly AttributeKey[];
}

/** What somebody wants to be told of the log, and in which words. */
export interface Stream<T> {
  /** Streams of one key want the same events and tell them alike: everything is made once for all of them. */
  readonly key: string;
  /** Streams of the same words tell an event alike, whatever they want: its text is made once for all of them. */
  readonly words?: string | undefined;
  /** Whose turns it takes: tenants do not wait for all that others are told. */
  readonly tenant?: string | undefined;
  /** Of what an object is, it is asked as of its creation. */
  wants(event: ToldEvent): boolean;
  /** What it wants has one of these, before or after it; whatever may be wanted when absent. */
  readonly anyOf?: ObjectKeys | undefined;
  /** Rejects with TOO_LARGE when it is too long to be told: a gap is told in its place, or the stream ends with that. */
  tell(event: ToldEvent): Promise<T>;
  /** Absent where a gap ends the stream. */
  tellGap?(gap: Gap): Promise<T>;
}

/** One client's place in a stream. */
export interface Seat {
  /** Everything up to here has been handed on, or is not wanted; undefined while a gap is still to be told. */
  position(): Position | undefined;
  leave(): void;
}

/** One client's end of a stream. It never waits for the client, and keeps nothing for a slow one. */
export interface Sink<T> {
  /** Hands on as much as there is room for, in one piece; answers how many were taken. */
  take(told: readonly Told<T>[]): number;
  /** Calls back once when there is room again; never when the client has gone. */
  whenRoom(then: () => void): void;
  /** The stream is over. */
  end(fault: Fault): void;
}
