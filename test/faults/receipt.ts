import type { EventName } from './ledger.js';

/** A notification that arrived whole at a receiver. */
export interface Receipt {
  readonly subscription: string;
  /** `webhook-id`. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly event: EventName;
  /** The label of the object; absent of objects that the harness has not made. */
  readonly object: string | undefined;
  /** Names the state that is told; of a deletion, the one before it. */
  readonly revision: number | undefined;
  /** Whether it was answered 2xx, to the last byte. */
  taken: boolean;
}

interface Told {
  readonly notificationEventType?: number;
  readonly priorObjectState?: State;
  readonly postObjectState?: State;
}

interface State {
  readonly extensions?: Extensions;
}

type Extensions = Readonly<Record<string, unknown>>;

/** Reads from the extensions of a state whose it is, and which. */
export type Marks = (extensions: Extensions) => Pick<Receipt, 'object' | 'revision'>;

/** As the harness marks what it makes at its O-Cloud. */
const ownMarks: Marks = ({ history, revision }) => ({
  object: history as string | undefined,
  revision: revision as number | undefined,
});

const events: readonly EventName[] = ['created', 'modified', 'deleted'];

/** Reads a notification. Throws SyntaxError for what is none. */
export function receiptOf(
  body: string,
  about: Pick<Receipt, 'subscription' | 'id' | 'at'>,
  marks: Marks = ownMarks,
): Receipt {
  const { notificationEventType = -1, priorObjectState, postObjectState } = JSON.parse(body) as Told;
  const event = events[notificationEventType];
  if (!event) throw new SyntaxError(`There is no notificationEventType ${notificationEventType}.`);
  return { ...about, event, ...marks((postObjectState ?? priorObjectState)?.extensions ?? {}), taken: false };
}

/** The same event, however often it arrives. */
export const factOf = ({ event, object, revision }: Receipt): string => `${object} ${event} ${revision}`;
