import { z } from 'zod';
import { defineObject, type ObjectDefinition } from '#schema/object.js';
import { objects } from '#schema/objects.js';
import { presenterOf, type CompiledPresenter } from '#schema/present.js';
import type { Presenter } from '#schema/presenter.js';

/** An object type as one API and major version spells it. */
export interface NotifiedType {
  readonly definition: ObjectDefinition;
  readonly presenter: Presenter;
  readonly spelled: CompiledPresenter;
}

/** All that the subscriptions of one API and major version can be about. */
export interface Vocabulary {
  readonly types: readonly NotifiedType[];
  /** What a filter can ask of an event beside the object's attributes. */
  readonly event: ObjectDefinition;
}

function vocabulary(api: string, major: string): Vocabulary {
  // What we own (subscriptions themselves) is no part of what a backend has.
  const told = Object.values<ObjectDefinition>(objects).filter(({ owned }) => !owned);
  const types = told.flatMap((definition) =>
    definition.presenters
      .filter((presenter) => presenter.api === api && presenter.major === major)
      .map((presenter) => ({ definition, presenter, spelled: presenterOf(presenter, definition) })),
  );
  if (types.length === 0) throw new Error(`There is no API '${api}' ${major}.`);
  const event = defineObject({
    name: 'event',
    collection: 'events',
    key: 'objectType',
    relations: {},
    presenters: [],
    model: z.object({
      objectType: z.enum(types.map(({ presenter }) => presenter.type)),
      notificationEventType: z.int(),
    }),
  });
  return { types, event };
}

const known = new Map<string, Vocabulary>();

/** The same one every time. Throws when no such API is served by this release. */
export function vocabularyOf(api: string, major: string): Vocabulary {
  const key = `${api}/${major}`;
  let found = known.get(key);
  if (!found) known.set(key, (found = vocabulary(api, major)));
  return found;
}

/** An object as an API and major version spells it; undefined when it does not know it. */
export function typeOf(api: string, major: string, object: string): NotifiedType | undefined {
  return vocabularyOf(api, major).types.find(({ definition }) => definition.name === object);
}

/** The objects that a subscription to a major version of the inventory tells of. */
export function toldOf(major: string): readonly ObjectDefinition[] {
  return vocabularyOf('o2ims-infrastructureInventory', major).types.map(({ definition }) => definition);
}
