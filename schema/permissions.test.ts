import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { definitionOf, objectNames, objects } from './objects.js';
import { permissionsIn, permissionsOf } from './permissions.js';

const secret = z.string().meta({ permission: 'secrets:read' });

describe('permissionsOf', () => {
  test('the credentials of a deployment manager', () => {
    expect(permissionsOf(objects.DeploymentManager.model)).toEqual([
      { path: ['extensions', 'profileData'], permission: 'deploymentManagers:credentials' },
    ]);
  });

  test.each(objectNames)('every permission of %s can be enforced', (name) => {
    expect(() => permissionsOf(definitionOf(name).model)).not.toThrow();
  });

  test('the same type in two places is listed twice, in lists and optional ones too', () => {
    const access = z.object({ user: z.string(), password: secret.optional() });
    const model = z.object({ first: access.optional(), all: z.array(access) });
    expect(permissionsOf(model).map(({ path }) => path.join('/'))).toEqual(['first/password', 'all/password']);
  });

  test('a type that contains itself is entered once', () => {
    const model = z.object({
      password: secret,
      get elements(): z.ZodType<unknown[]> {
        return z.array(model);
      },
    });
    expect(permissionsOf(model)).toEqual([{ path: ['password'], permission: 'secrets:read' }]);
  });

  test.each([
    ['a map', z.object({ map: z.record(z.string(), secret) })],
    ['an object with further members', z.object({ open: z.object({}).catchall(secret) })],
    ['one of several types', z.object({ either: z.union([z.object({ secret }), z.number()]) })],
  ])('it cannot stand inside %s', (_where, model) => {
    expect(() => permissionsOf(model)).toThrow('only a named place can be hidden');
  });

  test('permissions do not nest', () => {
    const model = z.object({ outer: z.object({ secret }).meta({ permission: 'outer:read' }) });
    expect(() => permissionsOf(model)).toThrow(
      "'outer/secret' needs 'secrets:read' inside a place that needs 'outer:read'",
    );
  });
});

describe('permissionsIn', () => {
  const model = objects.DeploymentManager.model;
  const on = (...path: string[]) => ({ operator: 'cont' as const, path, values: ['x'] });

  test.each([
    ['an open attribute', on('name'), []],
    ['a credential', on('extensions', 'profileData', 'admin_user'), ['deploymentManagers:credentials']],
    [
      'one inside any and all',
      { all: [on('name'), { any: [on('extensions', 'profileData')] }] },
      ['deploymentManagers:credentials'],
    ],
  ])('%s', (_title, filter, permissions) => {
    expect([...permissionsIn(model, filter).keys()]).toEqual(permissions);
  });
});
