import { expect, test } from '@jest/globals';
import { z } from 'zod';
import type { ObjectDefinition } from '#schema/object.js';
import type { Scope } from '#schema/scope.js';
import { Kind } from './kind.js';
import { planOf } from './plan.js';
import { scanTurns } from './scan-turns.js';
import type { View } from './view.js';

const model = z.object({ thingId: z.string(), health: z.enum(['ok', 'failed']).meta({ index: true }) });
const definition = { name: 'Thing', key: 'thingId', model, relations: {} } as unknown as ObjectDefinition;
const kind = new Kind(definition);
const view = { kind: () => kind, turns: scanTurns() } as unknown as View;
const scope: Scope = { tenant: undefined, permissions: new Set(), key: 'all' };

const planFor = (value: string) =>
  planOf(view, scope, { object: 'Thing', filter: { operator: 'eq', path: ['health'], values: [value] } });

test('a value that an indexed attribute cannot have is refused, though no row would be looked at', () => {
  expect(planFor('failed')).not.toHaveProperty('test');
  expect(() => planFor('fialed')).toThrow("'fialed' is no member of ok, failed");
});
