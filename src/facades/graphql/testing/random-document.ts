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
  return new Author(gen, schema, samples).write();
}

/** The same of the schema's subscriptions, for one field of these. */
export function randomSubscription(gen: Gen, schema: GraphQLSchema, samples: Samples): RandomDocument {
  return new Author(gen, schema, samples).writeSubscription();
}

class Author {
  readonly #gen: Gen;
  readonly #schema: GraphQLSchema;
  readonly #samples: Samples;
  readonly #fragments: string[] = [];
  readonly #declared: string[] = [];
  readonly #variables: Record<string, unknown> = {};
  #serial = 0;

  constructor(gen: Gen, schema: GraphQLSchema, samples: Samples) {
    this.#gen = gen;
    this.#schema = schema;
    this.#samples = samples;
  }

  write(): RandomDocument {
    return this.#document('query', this.#selections(this.#schema.getQueryType()!, 0));
  }

  writeSubscription(): RandomDocument {
    const type = this.#schema.getSubscriptionType()!;
    const field = this.#field(this.#pick(Object.values(type.getFields())), 1);
    if (!this.#oneIn(4)) return this.#document('subscription', `{ ${field} }`);
    if (this.#oneIn(2))
      return this.#document('subscription', `{ ... on ${type.name}${this.#condition()} { ${field} } }`);
    this.#fragments.push(`fragment Root on ${type.name} { ${field} }`);
    return this.#document('subscription', '{ ...Root }');
  }

  #document(kind: string, body: string): RandomDocument {
    const head = `${kind} Random${this.#declared.length > 0 ? `(${this.#declared.join(', ')})` : ''}`;
    return { text: [`${head} ${body}`, ...this.#fragments].join('\n'), variables: this.#variables };
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#gen(fc.nat, { max: from.length - 1 })]!;
  }

  #oneIn(times: number): boolean {
    return this.#gen(fc.nat, { max: times - 1 }) === 0;
  }

  #valueOf(type: GraphQLInputType, name: string, depth: number): unknown {
    if (isNonNullType(type)) return this.#valueOf(type.ofType as GraphQLInputType, name, depth);
    if (this.#oneIn(40)) return null;
    if (isListType(type)) {
      const item = type.ofType as GraphQLInputType;
      return this.#oneIn(6) ? this.#valueOf(item, name, depth) : [1, 2].map(() => this.#valueOf(item, name, depth));
    }
    if (isEnumType(type)) return this.#pick(type.getValues()).name;
    if (!isInputObjectType(type)) return this.#pick(this.#samples[name] ?? this.#samples[type.name] ?? ['x']);
    const fields = Object.values(type.getFields());
    const chosen = fields.filter((field) => isNonNullType(field.type) || (depth < 3 && this.#oneIn(fields.length)));
    return Object.fromEntries(chosen.map((field) => [field.name, this.#valueOf(field.type, field.name, depth + 1)]));
  }

  /** A value as text; members may be variables of their own. */
  #literal(value: unknown, type: GraphQLInputType): string {
    if (isNonNullType(type)) return this.#literal(value, type.ofType as GraphQLInputType);
    if (value !== null && this.#oneIn(5)) return this.#variable(type, value);
    if (isListType(type)) {
      const item = type.ofType as GraphQLInputType;
      return Array.isArray(value)
        ? `[${value.map((each) => this.#literal(each, item)).join(', ')}]`
        : this.#literal(value, item);
    }
    if (isEnumType(type) && value !== null) return String(value);
    if (!isInputObjectType(type) || value === null) return JSON.stringify(value);
    const members = Object.entries(value as object).map(
      ([name, each]) => `${name}: ${this.#literal(each, type.getFields()[name]!.type)}`,
    );
    return `{${members.join(', ')}}`;
  }

  #variable(type: GraphQLInputType, value: unknown): string {
    const name = `v${(this.#serial += 1)}`;
    const what = this.#oneIn(3) && !isNonNullType(type) ? `${String(type)}!` : String(type);
    const preset = this.#oneIn(6) && !isInputObjectType(getNamedType(type)) && !isListType(type) && value !== null;
    this.#declared.push(`$${name}: ${what}${preset ? ` = ${this.#literalOf(value, type)}` : ''}`);
    if (this.#oneIn(60)) this.#variables[name] = { wrong: true };
    else if (this.#oneIn(40)) this.#variables[name] = null;
    else if (!this.#oneIn(20)) this.#variables[name] = value;
    return `$${name}`;
  }

  #literalOf(value: unknown, type: GraphQLInputType): string {
    return isEnumType(getNamedType(type)) ? String(value) : JSON.stringify(value);
  }

  #condition(): string {
    if (!this.#oneIn(6)) return '';
    const name = `c${(this.#serial += 1)}`;
    const of = this.#pick(['literal', 'required', 'preset'] as const);
    const value = !this.#oneIn(3);
    if (of === 'literal') return ` @${this.#pick(['skip', 'include'])}(if: ${String(value)})`;
    this.#declared.push(of === 'required' ? `$${name}: Boolean!` : `$${name}: Boolean = true`);
    if (of === 'required' || this.#oneIn(2)) this.#variables[name] = this.#oneIn(30) ? null : value;
    return ` @${this.#pick(['skip', 'include'])}(if: $${name})`;
  }

  #argument({ name, type }: GraphQLArgument): string {
    const value = this.#valueOf(type, name, 0);
    return `${name}: ${this.#oneIn(4) ? this.#variable(type, value) : this.#literal(value, type)}`;
  }

  #field(of: GraphQLField<unknown, unknown>, depth: number): string {
    const given = of.args
      .filter(({ type }) => isNonNullType(type) || this.#oneIn(3))
      .map((each) => this.#argument(each));
    // Fields that are asked for twice are merged, if they are asked alike.
    const alias =
      given.length > 0 || this.#oneIn(4)
        ? `${this.#oneIn(40) ? 'snake_' : ''}${this.#pick(aliases)}${(this.#serial += 1)}: `
        : '';
    const type = getNamedType(of.type);
    const below = isLeafType(type) ? '' : ` ${this.#selections(type, depth + 1)}`;
    return `${alias}${of.name}${given.length > 0 ? `(${given.join(', ')})` : ''}${this.#condition()}${below}`;
  }

  #fragment(type: GraphQLNamedType, depth: number): string {
    const possible = isAbstractType(type) ? this.#schema.getPossibleTypes(type) : [];
    const on = this.#pick([type, ...possible, ...(isObjectType(type) ? type.getInterfaces() : [])]);
    const inside = this.#selections(on, depth + 1);
    if (this.#oneIn(2)) return `... on ${on.name}${this.#condition()} ${inside}`;
    const name = `F${(this.#serial += 1)}`;
    this.#fragments.push(`fragment ${name} on ${on.name} ${inside}`);
    return `...${name}${this.#condition()}${this.#oneIn(3) ? ` ...${name}` : ''}`;
  }

  #selections(type: GraphQLNamedType, depth: number): string {
    const fields = isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : [];
    const leaves = fields.filter((each) => isLeafType(getNamedType(each.type)));
    const among = depth < 4 ? fields : leaves;
    const parts = Array.from({ length: this.#gen(fc.nat, { max: 3 }) + 1 }, () => {
      if (this.#oneIn(8)) return '__typename';
      if (depth < 4 && this.#oneIn(5)) return this.#fragment(type, depth);
      return among.length > 0 ? this.#field(this.#pick(among), depth) : '__typename';
    });
    return `{ ${parts.join(' ')} }`;
  }
}
