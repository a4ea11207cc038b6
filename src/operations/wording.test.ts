import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { inputFault } from './input.js';
import { wording, wordingOf } from './wording.js';

const model = z.strictObject({
  name: z.string().max(3).optional(),
  size: z.int().min(1).max(5).optional(),
  at: z.iso.datetime().optional(),
  kind: z.enum(['a', 'b']).optional(),
  list: z
    .array(z.object({ id: z.string() }))
    .max(2)
    .optional(),
  either: z.union([z.string(), z.array(z.string())]).optional(),
  own: z.string().regex(/^x/, 'Needs an x.').optional(),
  on: z.boolean().optional(),
});

const probe = { name: 'Probe', model: z.object({ probeId: z.string(), name: z.string() }) };

function said(input: unknown, of: z.ZodType = model): string {
  const { error } = of.safeParse(input, { error: wording });
  return inputFault(error!).message;
}

describe('what is wrong with an input', () => {
  test.each([
    [{ name: 1 }, 'name must be a string, was a number'],
    [{ name: null }, 'name must be a string, was null'],
    [{ name: 'long' }, 'name must have at most 3 characters'],
    [{ size: '1' }, 'size must be a number, was a string'],
    [{ size: 1.5 }, 'size must be a whole number, was a number with a fraction'],
    [{ size: 0 }, 'size must be at least 1'],
    [{ at: 'now' }, 'at must be a time in RFC 3339'],
    [{ kind: 'c' }, 'kind must be one of a, b'],
    [{ list: [{}] }, 'list/0/id is required'],
    [{ list: [1] }, 'list/0 must be an object, was a number'],
    [{ list: [{ id: '' }, { id: '' }, { id: '' }] }, 'list must have at most 2 items'],
    [{ either: 1 }, 'either must be a string, was a number, or must be a list, was a number'],
    [{ own: 'y' }, 'own: Needs an x.'],
    [{ on: 'true' }, 'on must be true or false, was a string'],
    [{ colour: 1, shape: 2 }, "input: 'colour', 'shape' are not members here"],
    [{ nmae: 1 }, "input: 'nmae' is not a member here (did you mean 'name'?)"],
    [[], 'input must be an object, was a list'],
    [{ name: 1, size: 9 }, 'name must be a string, was a number; size must be at most 5'],
  ])('%j: %s', (input, expected) => expect(said(input)).toBe(expected));

  test('that is missing', () => expect(said({}, z.object({ name: z.string() }))).toBe('name is required'));

  test('names the object that a member is none of', () => {
    const input = z.strictObject({ patch: z.strictObject({ name: z.string(), inner: z.strictObject({}).optional() }) });
    const { error } = input.safeParse({ patch: { name: '', nam: 1, inner: { x: 1 } } }, { error: wordingOf(probe) });
    expect(inputFault(error!).detail.faults).toEqual([
      "patch/inner: 'x' is not a member here",
      "patch: 'nam' is not a member of Probe (did you mean 'name'?)",
    ]);
  });

  test('names what can only be read, apart from what is no member', () => {
    const input = z.strictObject({ value: z.strictObject({ name: z.string().optional() }) });
    const { error } = input.safeParse({ value: { probeId: 1, nam: 1 } }, { error: wordingOf(probe) });
    expect(inputFault(error!).message).toBe(
      "value: 'probeId' of Probe can only be read here; 'nam' is not a member of Probe (did you mean 'name'?)",
    );
  });

  test('guesses at few of many unknown members', () => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, number) => [`nam${number}`, 1]));
    expect(said(many).split('did you mean')[1]!.split(',')).toHaveLength(8);
  });
});
