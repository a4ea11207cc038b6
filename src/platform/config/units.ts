import { z } from 'zod';

// Under the name that zod-openapi extends too: TypeScript forgets extensions made under several names.
declare module 'zod/v4' {
  interface GlobalMeta {
    /** What the parsed number counts; printed back with its unit. */
    unit?: 'milliseconds' | 'bytes';
  }
}

type Scale = readonly (readonly [unit: string, factor: number])[];

const times: Scale = [
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
];
const sizes: Scale = [
  ['B', 1],
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
  ['GiB', 1024 ** 3],
];

// A little less than setTimeout takes; a longer time would fire at once.
const longestTimer = 24 * 24 * 3_600_000;

function amount(text: string | number, scale: Scale): number | undefined {
  if (typeof text === 'number') return Number.isSafeInteger(text) ? text : undefined;
  const parts = /^(\d+(?:\.\d+)?) ?([A-Za-z]+)$/.exec(text.trim());
  const factor = scale.find(([unit]) => unit === parts?.[2])?.[1];
  return parts && factor !== undefined ? Math.round(Number(parts[1]) * factor) : undefined;
}

function quantity(scale: Scale, name: string, example: string, min: number, max: number) {
  return z.union([z.number(), z.string()]).transform((text, context) => {
    const parsed = amount(text, scale);
    if (parsed !== undefined && parsed >= min && parsed <= max) return parsed;
    const range = `${written(min, scale)} to ${written(max, scale)}`;
    const message =
      parsed === undefined ? `'${text}' is no ${name}: write it as in ${example}.` : `'${text}' is outside ${range}.`;
    context.issues.push({ code: 'custom', message, input: text });
    return z.NEVER;
  });
}

function written(value: number, scale: Scale): string {
  const [unit, factor] = scale.findLast(([, each]) => value >= each && value % each === 0) ?? scale[0]!;
  return `${value / factor}${unit}`;
}

/** A length of time (`250ms`, `30s`, `5m`, `24h`, or a number of milliseconds), as milliseconds; 1 ms to 24 days unless told. */
export function duration(description: string, min = 1, max = longestTimer) {
  const model = quantity(times, 'length of time', '250ms, 30s, 5m or 24h', min, max);
  return model.describe(description).meta({ unit: 'milliseconds' });
}

/** A size (`64KiB`, `1MiB`, `1GiB`, or a number of bytes), as bytes. */
export function bytes(description: string, min = 1, max = 2 ** 40) {
  return quantity(sizes, 'size', '64KiB, 1MiB or 1GiB', min, max).describe(description).meta({ unit: 'bytes' });
}

/** A parsed quantity as one would write it. */
export function withUnit(value: number, unit: 'milliseconds' | 'bytes'): string {
  return written(value, unit === 'bytes' ? sizes : times);
}
