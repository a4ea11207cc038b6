import { Field, InputType, registerEnumType, type ClassType } from 'type-graphql';
import type { ObjectDefinition } from '#schema/object.js';
import { attributeAt } from '#schema/paths.js';

const Direction = { ASC: 'ASC', DESC: 'DESC' } as const;
registerEnumType(Direction, {
  name: 'OrderDirection',
  description: 'From low to high, or from high to low.',
  valuesConfig: {
    ASC: { description: 'Low first; objects without the attribute last.' },
    DESC: { description: 'High first; objects without the attribute first.' },
  },
});

/** What `orderBy` holds. */
export interface OrderInput {
  readonly by: string;
  readonly direction: keyof typeof Direction;
}

/** What is hidden from some may not order what they see either. */
function orderable({ model }: ObjectDefinition): readonly string[] {
  return Object.keys(model.shape).filter((name) => {
    const { kind, list, permission } = attributeAt(model, [name])!;
    return !list && permission === undefined && ['string', 'number', 'enum', 'date-time'].includes(kind);
  });
}

const classes = new WeakMap<ObjectDefinition, ClassType>();

/** The input that orders a list by one attribute; ids break ties. */
export function orderClass(definition: ObjectDefinition): ClassType {
  const known = classes.get(definition);
  if (known) return known;
  const by = Object.fromEntries(orderable(definition).map((name) => [name, name]));
  registerEnumType(by, {
    name: `${definition.name}OrderField`,
    description: `What a list of ${definition.collection} can be ordered by.`,
  });
  const name = `${definition.name}Order`;
  const made = { [name]: class {} }[name]!;
  Field(() => by)(made.prototype, 'by');
  Field(() => Direction, { defaultValue: Direction.ASC })(made.prototype, 'direction');
  InputType(name, { description: 'Ids break ties.' })(made);
  classes.set(definition, made);
  return made;
}
