import { parseSelector, type Selector } from '#schema/selector.js';
import type { Value } from '#schema/change.js';
import type { ObjectDefinition } from '#schema/object.js';
import { attributesOf } from '#schema/paths.js';
import { permissionsOf } from '#schema/permissions.js';
import { formatPosition } from '#schema/position.js';
import type { Hidden } from '#schema/present.js';
import { uuid5 } from '#adapters/kit/identity.js';
import type { ToldEvent } from './log/told-event.js';
import { eventTypes, reportedKind, stateOf } from './matcher/event.js';
import { typeOf, type NotifiedType } from './matcher/vocabulary.js';

/** What of a subscription shows in its notifications. */
export interface Notified {
  readonly id: string;
  readonly api: string;
  readonly major: string;
  /** The alias of the API that references are spelled with; its own name when absent. */
  readonly spelling?: string;
  readonly consumerSubscriptionId?: string;
  /** `string`: the states as JSON text in a string, for consumers that read the specification's type literally. */
  readonly states?: 'object' | 'string';
}

export interface Notifier {
  /** Without a slash at the end. */
  readonly publicUrl: string;
  readonly oCloudId: string;
}

/** The same on every retry and in every process, another one for every place in the log. */
export function notificationId({ change }: ToldEvent, { id }: Pick<Notified, 'id'>, oCloudId: string): string {
  return uuid5(oCloudId, `notification/${id}/${formatPosition(change.position)}`);
}

interface Table {
  readonly all: Selector;
  readonly hidden: Hidden;
  /** By the state itself: thousands of subscriptions are told of one event. */
  readonly texts: WeakMap<Value, string>;
}

const tables = new WeakMap<NotifiedType, Table>();

/**
 * What needs a permission of its own is hidden from everybody: a callback has no principal. What is derived is left out: the
 * log does not hold it, and an empty list of pools would say that a site has none.
 */
function hiddenIn({ model }: ObjectDefinition): Hidden {
  const derived = [...attributesOf(model)].filter(([, attribute]) => attribute.derived).map(([name]) => [name]);
  return [...permissionsOf(model).map(({ path }) => path), ...derived];
}

function tableOf(type: NotifiedType): Table {
  let table = tables.get(type);
  if (!table) {
    const { presenter, definition } = type;
    const all = parseSelector({ all_fields: '' }, presenter, definition.model);
    tables.set(type, (table = { all, hidden: hiddenIn(definition), texts: new WeakMap() }));
  }
  return table;
}

/** All attributes of a state as the API shows them, as JSON text. */
function stateText(type: NotifiedType, state: Value): string {
  const { all, hidden, texts } = tableOf(type);
  let text = texts.get(state);
  if (text === undefined) texts.set(state, (text = type.spelled.text(state, all, hidden)));
  return text;
}

/** Absolute; undefined when the API has no path of the object, or the state lacks what the path is made of. */
function referenceOf(
  { presenter, definition }: NotifiedType,
  event: ToldEvent,
  { api, major, spelling = api }: Notified,
  publicUrl: string,
): string | undefined {
  const state = stateOf(event);
  let complete = presenter.routes.get !== undefined;
  const path = presenter.routes.get?.replace(/\{(\w+)\}/g, (_parameter, name: string) => {
    const value = name === definition.key ? event.change.id : state[name];
    complete &&= typeof value === 'string';
    return encodeURIComponent(String(value));
  });
  return complete ? `${publicUrl}/${spelling}/${major}${path}` : undefined;
}

/**
 * The body of an InventoryChangeNotification (contract 2.1). Of a deletion `objectRef` is sent too, so that a consumer knows
 * what to forget. Throws when the API does not know the object or nobody is owed the change: no subscription matches these.
 */
export function notificationOf(
  event: ToldEvent,
  subscription: Notified,
  { publicUrl, oCloudId }: Notifier,
  id = notificationId(event, subscription, oCloudId),
): string {
  const { api, major, consumerSubscriptionId, states = 'object' } = subscription;
  const type = typeOf(api, major, event.change.object);
  const kind = reportedKind(event.change);
  if (!type || !kind) throw new Error(`No notification of ${api} ${major} tells of this '${event.change.object}'.`);
  const stateMember = (name: string, state: Value | undefined) => {
    if (!state) return [];
    const text = stateText(type, state);
    return [`"${name}":${states === 'string' ? JSON.stringify(text) : text}`];
  };
  const head = JSON.stringify({
    notificationId: id,
    consumerSubscriptionId,
    notificationEventType: eventTypes[kind].code,
    objectRef: referenceOf(type, event, subscription, publicUrl),
  });
  const members = [
    head.slice(1, -1),
    ...stateMember('priorObjectState', event.before),
    ...stateMember('postObjectState', event.after),
  ];
  return `{${members.join()}}`;
}
