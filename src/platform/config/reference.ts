import { z } from 'zod';
import type { $ZodType, $ZodTypes } from 'zod/v4/core';
import { layers } from './model-walk.js';
import { ConfigurationModel } from './model.js';
import { variableOf } from './overrides.js';

const marker = '<!-- settings -->\n';

/** docs/configuration.md with its list of settings, a bullet each in the order of the model, made anew. */
export function configurationPage(page: string): string {
  return `${page.split(marker)[0]}${marker}\n${settings(ConfigurationModel, []).join('\n')}\n`;
}

function settings(model: $ZodType, path: readonly string[]): readonly string[] {
  return members(model).flatMap(([name, child]) => {
    const at = [...path, name];
    const inner = members(child);
    const below = inner.length > 0 ? settings(child, at) : [];
    const variable = at.some((step) => step.endsWith('[]')) || inner.length > 0 ? '' : ` \`${variableOf(at)}\``;
    const facts = [kindOf(child), ...startOf(child)].join(', ');
    return [`- **\`${at.join('.')}\`** (${facts}): ${description(child)}${variable}`, ...below];
  });
}

// The settings inside an object or inside each element of a list; none inside a value or free-form data.
function members(model: $ZodType): readonly (readonly [string, $ZodType])[] {
  const object = objectIn(layers(model));
  return object
    ? Object.entries(object._zod.def.shape).map(([name, child]) => [listOfObjects(child) ? `${name}[]` : name, child])
    : [];
}

function objectIn(models: readonly $ZodTypes[]) {
  for (const model of models) {
    const { def } = model._zod;
    // An object with an id is one of O2, described in its own place.
    if (def.type === 'object')
      return meta(model).id ? undefined : (model as $ZodTypes & { _zod: { def: { type: 'object' } } });
    if (def.type === 'array') return objectIn(layers(def.element));
  }
  return undefined;
}

function listOfObjects(model: $ZodType): boolean {
  return layers(model).some(({ _zod: { def } }) => def.type === 'array' && objectIn(layers(def.element)));
}

function kindOf(model: $ZodType): string {
  const models = layers(model);
  const unit = models.map((each) => meta(each).unit).find(Boolean);
  if (unit) return unit === 'bytes' ? 'size' : 'time';
  if (models.some(({ _zod }) => _zod.def.type === 'string')) return 'text';
  for (const { _zod } of models) {
    const { def } = _zod;
    if (def.type === 'enum')
      return Object.values(def.entries)
        .map((entry) => `\`${entry}\``)
        .join(' or ');
    if (def.type === 'literal') return def.values.map((value) => `\`${String(value)}\``).join(' or ');
    if (def.type === 'array') return `list of ${kindOf(def.element)}s`.replace(/ss$/, 's');
    if (def.type === 'object' || def.type === 'record') return 'settings';
    if (def.type === 'number') return 'format' in def ? 'whole number' : 'number';
    if (def.type === 'boolean') return 'true or false';
    if (def.type === 'unknown') return 'settings';
  }
  throw new Error(`The reference has no word for the kind '${models.at(-1)?._zod.def.type}'.`);
}

function startOf(model: $ZodType): readonly string[] {
  for (const { _zod } of layers(model)) {
    const { def } = _zod;
    if (def.type !== 'default' && def.type !== 'prefault') continue;
    return isPlain(def.defaultValue) ? [`default \`${String(def.defaultValue)}\``] : [];
  }
  return layers(model).some(({ _zod }) => _zod.def.type === 'optional') ? ['optional'] : ['required'];
}

function isPlain(value: unknown): boolean {
  return typeof value !== 'object' && value !== '';
}

function description(model: $ZodType): string {
  const found = layers(model)
    .map((each) => meta(each).description)
    .find(Boolean);
  if (found === undefined) throw new Error('A setting has no description.');
  return found;
}

function meta(model: $ZodType): z.GlobalMeta {
  return z.globalRegistry.get(model as z.ZodType) ?? {};
}
