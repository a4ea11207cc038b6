import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { $ZodType, $ZodTypes } from 'zod/v4/core';
import type { Problem } from './fault.js';
import { childModels, knownKeys, layers, member, type AdapterModels } from './model-walk.js';
import { suggestion } from '#schema/suggestion.js';

/** A value that something outranking the file gives to a path. */
export interface Override {
  readonly path: readonly (string | number)[];
  readonly value: unknown;
  /** The variable or flag, for messages. */
  readonly source: string;
}

const prefix = 'NETWEAVE_';

// Kubernetes gives every pod variables about the services beside it (NETWEAVE_SERVICE_HOST, NETWEAVE_PORT=tcp://… and
// such), and our own tests and peers have some: none of them is a setting.
const foreignName =
  /^NETWEAVE_(CONFIG|TOKEN(_FILE)?|TOTALS|PEERS|(TEST|BENCH)_.*|(.+_)?SERVICE_(HOST|PORT(_.+)?)|(.+_)?PORT_\d+_(TCP|UDP|SCTP)(_.+)?)$/;
const foreignValue = /^(tcp|udp|sctp):\/\//;

interface Target {
  readonly path: readonly (string | number)[];
  readonly models: readonly $ZodTypes[];
}

/**
 * Writes what the environment sets into `value`, plain variables first: `NETWEAVE_…_FILE` names a file that holds the value,
 * and outranks them. Returns what was written, and the variables that name no setting.
 */
export function applyEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  root: $ZodType,
  value: unknown,
  adapters: AdapterModels,
): { readonly overrides: readonly Override[]; readonly faults: readonly Problem[] } {
  const overrides: Override[] = [];
  const faults: Problem[] = [];
  const locate = (name: string) => resolve({ path: [], models: layers(root) }, wordsOf(name), value, adapters);
  const write = (source: string, target: Target, text: string) => {
    const override = { path: target.path, value: typed(text, target.models), source };
    apply(override, value);
    overrides.push(override);
  };
  const unresolved: [source: string, text: string][] = [];
  for (const [source, text] of settings(env)) {
    const target = locate(source);
    if (target) write(source, target, text);
    else unresolved.push([source, text]);
  }
  for (const [source, text] of unresolved) {
    const target = /_FILE$/i.test(source) ? locate(source.slice(0, -'_FILE'.length)) : undefined;
    if (!target)
      faults.push({ path: '', source, message: `There is no such setting.${suggestion(source, names(root))}` });
    else
      try {
        write(source, target, readFileSync(text, 'utf8').replace(/\r?\n$/, ''));
      } catch (error) {
        faults.push({ path: '', source, message: `The file cannot be read (${(error as Error).message}).` });
      }
  }
  return { overrides, faults };
}

/** Our variables, a whole before its parts: `…_BACKENDS` may say what `…_BACKENDS_EDGE_OPTIONS_PASSWORD` goes into. */
function settings(env: Readonly<Record<string, string | undefined>>): readonly (readonly [string, string])[] {
  return Object.entries(env)
    .filter((entry): entry is [string, string] => entry[0].toUpperCase().startsWith(prefix) && Boolean(entry[1]))
    .filter(([name, text]) => !foreignName.test(name) && !foreignValue.test(text))
    .sort(([a], [b]) => wordsOf(a).length - wordsOf(b).length || a.localeCompare(b, 'en', { numeric: true }));
}

function wordsOf(name: string): readonly string[] {
  return name.slice(prefix.length).split('_');
}

/** Writes a value into plain data and makes what is missing on the way. A wrong kind on the way is left for the model to refuse. */
export function apply({ path, value: to }: Omit<Override, 'source'>, value: unknown): void {
  let here = value as Record<PropertyKey, unknown>;
  for (const [at, step] of path.slice(0, -1).entries()) {
    here[step] ??= typeof path[at + 1] === 'number' ? [] : {};
    if (typeof here[step] !== 'object') return;
    here = here[step] as Record<PropertyKey, unknown>;
  }
  here[path.at(-1)!] = to;
}

/** Finds the path that the words spell: `LISTEN_PORT`, `LIMITS_RATE_PER_SECOND`, `BACKENDS_EDGE_1_OPTIONS_PASSWORD`. */
function resolve(from: Target, words: readonly string[], here: unknown, adapters: AdapterModels): Target | undefined {
  if (words.length === 0) return from;
  for (let taken = 1; taken <= words.length; taken++) {
    const word = words.slice(0, taken).join('').toUpperCase();
    const step = stepNamed(word, from.models, here);
    if (step === undefined) continue;
    const models = childModels(from.models, step, here, adapters);
    if (models.length === 0) continue;
    const found = resolve({ path: [...from.path, step], models }, words.slice(taken), member(here, step), adapters);
    if (found) return found;
  }
  return undefined;
}

// A member of a list is named by its place, or by its `key` or `name`, which stays when the list is reordered.
function stepNamed(word: string, models: readonly $ZodTypes[], here: unknown): string | number | undefined {
  if (Array.isArray(here) || models.some((model) => model._zod.def.type === 'array')) {
    const items: readonly unknown[] = Array.isArray(here) ? here : [];
    const named = items.findIndex((item) => plainWord(member(item, 'key') ?? member(item, 'name')) === word);
    if (named >= 0) return named;
    return /^\d{1,4}$/.test(word) && Number(word) <= items.length ? Number(word) : undefined;
  }
  const held = here !== null && typeof here === 'object' ? Object.keys(here) : [];
  return [...knownKeys(models), ...held].find((key) => plainWord(key) === word);
}

function plainWord(name: unknown): string {
  return String(name)
    .replace(/[^A-Za-z0-9]/g, '')
    .toUpperCase();
}

// A text stays as it is written (a password may look like a number); everything else is read as YAML.
function typed(text: string, models: readonly $ZodTypes[]): unknown {
  const leaves = models.map((model) => model._zod.def.type);
  if (leaves.includes('string') && !leaves.includes('number')) return text;
  try {
    return parse(text) as unknown;
  } catch {
    return text;
  }
}

/** `limits.urlBytes` as `NETWEAVE_LIMITS_URL_BYTES`; `oCloud` stays one word. */
export function variableOf(path: readonly (string | number)[]): string {
  return (
    prefix +
    path
      .map((step) =>
        String(step)
          .replace(/(?<=[a-z0-9]{2})(?=[A-Z])/g, '_')
          .toUpperCase(),
      )
      .join('_')
  );
}

function names(root: $ZodType, path: readonly string[] = []): readonly string[] {
  const models = layers(root);
  const own = path.length === 0 ? [] : [variableOf(path)];
  const children = models.flatMap((model) =>
    model._zod.def.type === 'object' ? Object.entries(model._zod.def.shape) : [],
  );
  return [...own, ...children.flatMap(([key, child]) => names(child, [...path, key]))];
}
