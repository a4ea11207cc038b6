import fc from 'fast-check';
import {
  getNamedType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
} from 'graphql';

type Gen = fc.GeneratorValue;

/** A document and the variables it is sent with, some of which are missing, null or wrong. */
export interface RandomDocument {
  readonly text: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Values that arguments of a type or a name are tried with. */
export type Samples = Readonly<Record<string, readonly unknown[]>>;

// Some are names that generated code might take for its own.
const aliases = ['a', 'b', 'then', 'constructor', 'idx0', 'query', 'message', 'toString'] as const;

/** A document of the schema's queries: aliases, fragments, variables, `@skip` and `@include`. Now and then it is not valid. */
export function randomDocument(gen: Gen, schema: GraphQLSchema, samples: Samples): RandomDocument {
  const fragments: string[] = [];
  const declared: string[] = [];
  const variables: Record<string, unknown> = {};
  let serial = 0;
  const pick = <T>(from: readonly T[]): T => from[gen(fc.nat, { max: from.length - 1 })]!;
  const oneIn = (times: number) => gen(fc.nat, { max: times - 1 }) === 0;

  function valueOf(type: GraphQLInputType, name: string, depth: number): unknown {
    if (isNonNullType(type)) return valueOf(type.ofType as GraphQLInputType, name, depth);
    if (oneIn(40)) return null;
    if (isListType(type)) {
      const item = type.ofType as GraphQLInputType;
      return oneIn(6) ? valueOf(item, name, depth) : [1, 2].map(() => valueOf(item, name, depth));
    }
    if (isEnumType(type)) return pick(type.getValues()).name;
    if (!isInputObjectType(type)) return pick(samples[name] ?? samples[type.name] ?? ['x']);
    const fields = Object.values(type.getFields());
    const chosen = fields.filter((field) => isNonNullType(field.type) || (depth < 3 && oneIn(fields.length)));
    return Object.fromEntries(chosen.map((field) => [field.name, valueOf(field.type, field.name, depth + 1)]));
  }

  /** A value as text; members may be variables of their own. */
  function literal(value: unknown, type: GraphQLInputType): string {
    if (isNonNullType(type)) return literal(value, type.ofType as GraphQLInputType);
    if (value !== null && oneIn(5)) return variable(type, value);
    if (isListType(type)) {
      const item = type.ofType as GraphQLInputType;
      return Array.isArray(value) ? `[${value.map((each) => literal(each, item)).join(', ')}]` : literal(value, item);
    }
    if (isEnumType(type) && value !== null) return String(value);
    if (!isInputObjectType(type) || value === null) return JSON.stringify(value);
    const members = Object.entries(value as object).map(
      ([name, each]) => `${name}: ${literal(each, type.getFields()[name]!.type)}`,
    );
    return `{${members.join(', ')}}`;
  }

  function variable(type: GraphQLInputType, value: unknown): string {
    const name = `v${(serial += 1)}`;
    const what = oneIn(3) && !isNonNullType(type) ? `${String(type)}!` : String(type);
    const preset = oneIn(6) && !isInputObjectType(getNamedType(type)) && !isListType(type) && value !== null;
    declared.push(`$${name}: ${what}${preset ? ` = ${literalOf(value, type)}` : ''}`);
    if (oneIn(60)) variables[name] = { wrong: true };
    else if (oneIn(40)) variables[name] = null;
    else if (!oneIn(20)) variables[name] = value;
    return `$${name}`;
  }

  function literalOf(value: unknown, type: GraphQLInputType): string {
    return isEnumType(getNamedType(type)) ? String(value) : JSON.stringify(value);
  }

  function condition(): string {
    if (!oneIn(6)) return '';
    const name = `c${(serial += 1)}`;
    const of = pick(['literal', 'required', 'preset'] as const);
    const value = !oneIn(3);
    if (of === 'literal') return ` @${pick(['skip', 'include'])}(if: ${String(value)})`;
    declared.push(of === 'required' ? `$${name}: Boolean!` : `$${name}: Boolean = true`);
    if (of === 'required' || oneIn(2)) variables[name] = oneIn(30) ? null : value;
    return ` @${pick(['skip', 'include'])}(if: $${name})`;
  }

  function argument({ name, type }: GraphQLArgument): string {
    const value = valueOf(type, name, 0);
    return `${name}: ${oneIn(4) ? variable(type, value) : literal(value, type)}`;
  }

  function field(of: GraphQLField<unknown, unknown>, depth: number): string {
    const given = of.args.filter(({ type }) => isNonNullType(type) || oneIn(3)).map(argument);
    // Fields that are asked for twice are merged, if they are asked alike.
    const alias = given.length > 0 || oneIn(4) ? `${oneIn(40) ? 'snake_' : ''}${pick(aliases)}${(serial += 1)}: ` : '';
    const type = getNamedType(of.type);
    const below = isLeafType(type) ? '' : ` ${selections(type, depth + 1)}`;
    return `${alias}${of.name}${given.length > 0 ? `(${given.join(', ')})` : ''}${condition()}${below}`;
  }

  function fragment(type: GraphQLNamedType, depth: number): string {
    const possible = isAbstractType(type) ? schema.getPossibleTypes(type) : [];
    const on = pick([type, ...possible, ...(isObjectType(type) ? type.getInterfaces() : [])]);
    const inside = selections(on, depth + 1);
    if (oneIn(2)) return `... on ${on.name}${condition()} ${inside}`;
    const name = `F${(serial += 1)}`;
    fragments.push(`fragment ${name} on ${on.name} ${inside}`);
    return `...${name}${condition()}${oneIn(3) ? ` ...${name}` : ''}`;
  }

  function selections(type: GraphQLNamedType, depth: number): string {
    const fields = isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : [];
    const leaves = fields.filter((each) => isLeafType(getNamedType(each.type)));
    const among = depth < 4 ? fields : leaves;
    const parts = Array.from({ length: gen(fc.nat, { max: 3 }) + 1 }, () => {
      if (oneIn(8)) return '__typename';
      if (depth < 4 && oneIn(5)) return fragment(type, depth);
      return among.length > 0 ? field(pick(among), depth) : '__typename';
    });
    return `{ ${parts.join(' ')} }`;
  }

  const body = selections(schema.getQueryType()!, 0);
  const head = declared.length > 0 ? `query Random(${declared.join(', ')})` : 'query Random';
  return { text: [`${head} ${body}`, ...fragments].join('\n'), variables };
}
