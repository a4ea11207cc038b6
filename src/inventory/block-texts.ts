import type { Row } from './row.js';

/** Neighbouring rows whose texts are searched at once. */
export const blockRows = 256;

/** Longer ones are not kept: their rows are looked at. Characters. */
const longest = 64 * 1024;

/** Attributes whose texts are kept: what is searched beyond that takes the place of the oldest. */
const mostAttributes = 4;

/**
 * The texts of one attribute in a block of neighbouring rows, as one string: what does not occur in it is in none of them, and
 * none has to be looked at. Made when it is searched first, and anew after a row of the block changed. A description that
 * none of 100,000 rows has: 36 ns a row with its request; 308 where each is looked at, as `bench/scan.ts` has it done.
 */
export class BlockTexts {
  readonly #rows: readonly (Row | undefined)[];
  /** By block; null: too long to be kept. */
  readonly #byAttribute = new Map<string, (string | null | undefined)[]>();

  constructor(rows: readonly (Row | undefined)[]) {
    this.#rows = rows;
  }

  /** A row came, changed or went. */
  changed(number: number): void {
    for (const texts of this.#byAttribute.values()) texts[Math.floor(number / blockRows)] = undefined;
  }

  /** Whether one of the values may occur in the attribute of a row of the block. */
  mayContain(attribute: string, values: readonly string[], block: number): boolean {
    const texts = this.#textsOf(attribute);
    if (texts[block] === undefined) texts[block] = this.#textOf(attribute, block);
    const text = texts[block];
    if (text === null) return true;
    for (let index = 0; index < values.length; index += 1) if (text.includes(values[index]!)) return true;
    return false;
  }

  #textsOf(attribute: string): (string | null | undefined)[] {
    const known = this.#byAttribute.get(attribute);
    if (known) return known;
    if (this.#byAttribute.size === mostAttributes) this.#byAttribute.delete(this.#byAttribute.keys().next().value!);
    const texts: (string | null | undefined)[] = [];
    this.#byAttribute.set(attribute, texts);
    return texts;
  }

  #textOf(attribute: string, block: number): string | null {
    const texts: string[] = [];
    let length = 0;
    const end = Math.min((block + 1) * blockRows, this.#rows.length);
    for (let index = block * blockRows; index < end; index += 1) {
      length += collect(this.#rows[index]?.value[attribute], texts);
      if (length > longest) return null;
    }
    return texts.join('\n');
  }
}

/** All that filters compare at an attribute: lists are stepped into, as they do. Answers how much that is. */
function collect(value: unknown, texts: string[]): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, each) => sum + collect(each, texts), 0);
  if (value === undefined || value === null || typeof value === 'object') return 0;
  return texts.push(String(value)) && texts.at(-1)!.length;
}
