import {
  buildSchema,
  isObjectType,
  type GraphQLEnumType,
  type GraphQLResolveInfo,
  type GraphQLScalarType,
} from 'graphql';

const text = `
  type Query { thing(id: Int, mood: Mood = CALM, on: Day): Thing sure(id: Int!): Thing! things(first: Int = 3): [Thing!]!
    loose: [Thing] any: Any named: Named echo(input: Echo): String }
  type Subscription { changed(id: Int = 1): Thing! }
  enum Mood { CALM WILD }
  scalar Day
  input Echo { say: String = "nothing", day: Day, mood: Mood, more: [Echo!], must: Int! = 7 }
  interface Named { id: Int! name: String }
  type Thing implements Named { id: Int! name: String sure: String! count: Int mood: Mood! day: Day self: Thing strict: Thing!
    many: [Thing!] numbers: [[Int!]] plain: Int plainSure: Int! plainMood: Mood child: Child childSure: Child! }
  type Child implements Named { id: Int! name: String thing: Thing! day: Day! }
  union Any = Thing | Child
`;

/** What decides how resolvers feel, and what they noticed. */
export interface Moods {
  readonly salt: string;
  /** How many of a hundred resolvers fail in one way or another. */
  readonly bad: number;
  readonly schemas: Set<unknown>;
}

/** A number below 100 that a text always has. */
function hash(text: string): number {
  let sum = 7;
  for (const each of text) sum = (sum * 31 + each.charCodeAt(0)) % 1_000_003;
  return sum % 100;
}

type Kind = 'Thing' | 'Child';

function made(kind: Kind, id: number, { salt, bad }: Moods): object {
  const ill = (what: string) => hash(`${salt} ${what} ${id}`) < bad;
  const plain = {
    plain: ill('plain') ? Number.NaN : id,
    plainSure: ill('sure') ? null : id,
    plainMood: ill('m') ? 9 : 1,
  };
  const child = ill('child') ? new Error('a child that is an error') : { __typename: 'Child', id, day: new Date(0) };
  return { __typename: ill('kind') ? 'Nobody' : kind, id, name: `${kind} ${id}`, child, childSure: child, ...plain };
}

/** Whether something comes later. graphql-js leaves promises of a list alone when another member throws: then it has one. */
const later = ({ salt }: Moods, place: string) => hash(salt) % 3 !== 0 && hash(`${salt} later ${place}`) % 2 === 0;
const idsOf = ({ salt }: Moods) => (hash(salt) % 3 === 0 ? [1, 2, 3] : [1]);
const things = (moods: Moods) =>
  idsOf(moods).map((id) => (id === 2 && moods.bad > 20 ? null : made('Thing', id, moods)));

const values: Readonly<Record<string, (moods: Moods, args: Readonly<Record<string, unknown>>) => unknown>> = {
  'Query.thing': (moods, args) => made('Thing', Number(args['id'] ?? 1), moods),
  'Query.sure': (moods, args) => made('Thing', Number(args['id']), moods),
  'Query.things': things,
  'Query.loose': (moods) => things(moods).map((each) => (each ? Promise.resolve(each) : each)),
  'Query.any': (moods) => made('Child', 5, moods),
  'Query.named': (moods) => made('Thing', 6, moods),
  'Query.echo': (_moods, args) => JSON.stringify(args),
  'Thing.sure': () => 'sure',
  'Thing.count': ({ salt }) => (hash(salt) < 30 ? 'no number' : 3),
  'Thing.mood': () => 1,
  'Thing.day': () => new Date(86_400_000),
  'Thing.self': (moods) => made('Thing', 7, moods),
  'Thing.strict': (moods) => made('Thing', 8, moods),
  'Thing.many': things,
  'Thing.numbers': () => [[1, 2], null, [3]],
  'Child.thing': (moods) => made('Thing', 9, moods),
};

/** Resolves, now or later, or fails in one of the ways there are; always the same at the same place. */
function moody(name: string) {
  return (
    _source: unknown,
    args: Readonly<Record<string, unknown>>,
    moods: Moods,
    info: GraphQLResolveInfo,
  ): unknown => {
    moods.schemas.add(info.schema);
    const place: unknown[] = [];
    for (let at: GraphQLResolveInfo['path'] | undefined = info.path; at; at = at.prev) place.push(at.key);
    const mood = hash(`${moods.salt} ${place.join(' ')}`);
    const waits = later(moods, place.join(' '));
    if (mood >= moods.bad) return waits ? Promise.resolve(values[name]!(moods, args)) : values[name]!(moods, args);
    if (mood % 3 === 0) return waits ? Promise.resolve(null) : null;
    const error = mood % 5 === 0 ? 'no error but a text' : new Error(`${name} failed`);
    if (waits) return Promise.reject(error);
    if (mood % 7 === 0) return error;
    throw error;
  };
}

/** What a stream is told of: a thing, or one of what there must not be. */
export function happened(id: number, moods: Moods): unknown {
  const mood = hash(`${moods.salt} event ${id}`);
  if (mood >= moods.bad) return made('Thing', id, moods);
  return mood % 2 === 0 ? null : new Error('an event that is an error');
}

/** A schema whose resolvers fail in every way; `Moods` are its context. Its subscription root has no resolver. */
export function moodySchema() {
  const schema = buildSchema(text);
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields()))
      if (values[`${type.name}.${field.name}`]) field.resolve = moody(`${type.name}.${field.name}`);
  }
  const day = schema.getType('Day') as GraphQLScalarType;
  day.serialize = (value) => (value as Date).toISOString().slice(0, 10);
  day.parseValue = (value) => new Date(String(value));
  day.parseLiteral = (node) => new Date('value' in node ? String(node.value) : 'never');
  const mood = schema.getType('Mood') as GraphQLEnumType;
  mood.getValues().forEach((value, index) => (value.value = index));
  return schema;
}
