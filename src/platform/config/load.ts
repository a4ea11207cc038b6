import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { withDefaultPlace } from './default-place.js';
import { ConfigurationFault, pathText, type Problem } from './fault.js';
import { flagOverrides, type Flags } from './flags.js';
import { wording, problemsOf, type Found } from './issues.js';
import { adapterModel, member, type AdapterModels } from './model-walk.js';
import { ConfigurationModel, type Configuration } from './model.js';
import { apply, applyEnvironment, type Override } from './overrides.js';
import { rules, type Known, type Rule } from './rules.js';
import { suggestion } from '#schema/suggestion.js';
import { partsOf } from './parts.js';
import { settleStore } from './one-place.js';
import { readYaml, type YamlFile } from './yaml-file.js';

export interface Sources {
  /** Path of a YAML file. */
  readonly file?: string;
  /** The YAML itself, instead of a file. */
  readonly text?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly flags?: Flags;
  /** Model of every adapter's `options`, by type. */
  readonly adapterModels: AdapterModels;
  /** Names of the built-in roles; roles of tokens are not looked up when absent. */
  readonly builtInRoles?: readonly string[];
  /** Every permission there is; permissions of roles are not looked up when absent. */
  readonly permissions?: ReadonlySet<string>;
  /** Rules beside those of this ring. */
  readonly further?: readonly Rule[];
}

/**
 * The configuration: file, then `NETWEAVE_…` variables, then `NETWEAVE_…_FILE`, then flags; the later outranks the earlier.
 * Throws ConfigurationFault with everything that is wrong.
 */
export function loadConfiguration(sources: Sources): Configuration {
  const { adapterModels, env = {}, flags = {} } = sources;
  const yaml = readYaml(textOf(sources));
  if (yaml.faults.length > 0) throw new ConfigurationFault(yaml.faults, sources.file);
  const { value } = yaml;
  const environment = applyEnvironment(env, ConfigurationModel, value, adapterModels);
  const fromFlags = flagOverrides(flags, value);
  for (const override of fromFlags) apply(override, value);

  const twice = settleStore(value, environment.overrides, fromFlags);
  const overrides = [...environment.overrides, ...fromFlags];
  const known = { roles: sources.builtInRoles, permissions: sources.permissions };
  const checked = check(value, adapterModels, [...rules, ...(sources.further ?? [])], known);
  const located = [...twice, ...checked.found].map((found) => locate(found, yaml, overrides));
  const faults = [...environment.faults, ...located.sort((a, b) => (a.line ?? 0) - (b.line ?? 0))];
  if (faults.length > 0 || !checked.configuration) throw new ConfigurationFault(faults, sources.file);
  return checked.configuration;
}

function textOf({ file, text }: Sources): string {
  if (file === undefined) return text ?? '';
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message: why } = error as NodeJS.ErrnoException;
    const what = code === 'EISDIR' ? 'It is a folder, not a file.' : `The file cannot be read (${why}).`;
    const message = `${what} Name another with --config or NETWEAVE_CONFIG.`;
    throw new ConfigurationFault([{ path: '', message }], file);
  }
}

function check(
  value: unknown,
  adapters: AdapterModels,
  demands: readonly Rule[],
  known: Known,
): { configuration?: Configuration; found: readonly Found[] } {
  const parsed = ConfigurationModel.safeParse(value, { error: wording });
  const options = checkOptions(value, adapters);
  const found = [
    ...(parsed.error ? problemsOf(parsed.error, [], value, ConfigurationModel, adapters) : []),
    ...options.found,
  ];
  if (!parsed.success)
    return { found: [...found, ...brokenBeside(found, partsOf(value, parsed.error), demands, known)] };
  const backends = parsed.data.backends.map((backend, at) => ({ ...backend, options: options.parsed[at] }));
  const configuration = withDefaultPlace({ ...parsed.data, backends });
  const broken = demands.flatMap((rule) => [...rule.check(configuration, known)]);
  return { configuration, found: [...found, ...broken] };
}

/** What rules find in the parts that can be known; nothing is told twice of what is faulty already. */
function brokenBeside(faults: readonly Found[], parts: Configuration, demands: readonly Rule[], known: Known): Found[] {
  const broken: Found[] = [];
  for (const rule of demands)
    try {
      for (const each of rule.check(parts, known)) broken.push(each);
    } catch {
      // It came upon a part that cannot be known; what it found before holds.
    }
  const told = ({ path }: Found) => faults.some((fault) => fault.path.every((step, at) => path[at] === step));
  return broken.filter((each) => !told(each));
}

// The raw values are read, so that faults in options are listed together with faults elsewhere.
function checkOptions(
  value: unknown,
  adapters: AdapterModels,
): { parsed: readonly unknown[]; found: readonly Found[] } {
  const found: Found[] = [];
  const backends = member(value, 'backends');
  const parsed = (Array.isArray(backends) ? (backends as readonly unknown[]) : []).map((backend, at): unknown => {
    const type = member(backend, 'type');
    if (typeof type !== 'string') return undefined;
    const model = adapterModel(backend, adapters);
    if (!model) {
      const message = `There is no adapter '${type}'.${suggestion(type, Object.keys(adapters))} Known: ${Object.keys(adapters).sort().join(', ')}.`;
      found.push({ path: ['backends', at, 'type'], message });
      return undefined;
    }
    const options = member(backend, 'options') ?? {};
    const result = strict(model).safeParse(options, { error: wording });
    if (result.error)
      found.push(...problemsOf(result.error, ['backends', at, 'options'], value, ConfigurationModel, adapters));
    return result.data;
  });
  return { parsed, found };
}

// An adapter's model that says nothing about unknown keys would drop a misspelt one in silence.
function strict(model: z.ZodType): z.ZodType {
  return model instanceof z.ZodObject && model.def.catchall === undefined ? model.strict() : model;
}

function locate(found: Found, yaml: YamlFile, overrides: readonly Override[]): Problem {
  const under = ({ path }: Override) => path.every((step, at) => found.path[at] === step);
  const source = overrides.findLast(under)?.source;
  const line = source === undefined ? yaml.lineOf(found.path) : undefined;
  return {
    path: pathText(found.path),
    message: found.message,
    ...(line === undefined ? {} : { line }),
    ...(source === undefined ? {} : { source }),
  };
}
