import { EquipmentPatch, NewEquipment, read } from './bodies.js';
import { mergeAttributes } from './merge.js';
import { install } from './placement.js';
import { found, referred, wrong } from './refusal.js';
import type { Change, Estate, Said } from './estate.js';

const placeable: ReadonlySet<string> = new Set(['server', 'array', 'switch']);

export function createEquipment(estate: Estate, seed: number, body: unknown): Change[] {
  const { pool: poolId, model, ...said } = read(NewEquipment, body);
  const pool = referred(estate.get('pools', poolId), 'pool', poolId);
  if (model !== undefined) {
    const { category } = referred(estate.get('models', model), 'model', model);
    if (!placeable.has(category)) throw wrong(`Model '${model}' is of category '${category}': a part of equipment.`);
  }
  return [install(estate, seed, pool, { model, said: tidy(said) })];
}

export function patchEquipment(estate: Estate, id: string, body: unknown): Change[] {
  const before = found(estate.get('equipment', id), 'equipment', id);
  const { pool = before.pool, attributes, ...patch } = read(EquipmentPatch, body);
  referred(estate.get('pools', pool), 'pool', pool);
  const said = tidy({ ...before.said, ...patch });
  const merged = attributes && { attributes: mergeAttributes(before.said?.attributes ?? {}, attributes) };
  return [estate.put('equipment', { ...before, pool, said: { ...said, ...merged } })];
}

export function deleteEquipment(estate: Estate, id: string): Change[] {
  found(estate.get('equipment', id), 'equipment', id);
  return [estate.drop('equipment', id)];
}

/** Without what was not said, or taken back (`owner: null` is said: it means shared). */
function tidy(said: Readonly<Record<string, unknown>>): Said {
  const kept = Object.entries(said).filter(
    ([name, value]) => value !== undefined && (value !== null || name === 'owner'),
  );
  return Object.fromEntries(kept);
}
