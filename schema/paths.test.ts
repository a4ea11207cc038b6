import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { objects } from './objects.js';
import { attributeAt, attributesOf } from './paths.js';

const part = z.object({ size: z.int(), note: z.string().nullable() });

const probe = z.object({
  id: z.string().min(1).describe('Its id.').meta({ index: true }),
  late: z.string().meta({ index: true }).optional(),
  raised: z.iso.datetime({ offset: true }).optional(),
  state: z.enum(['ON', 'OFF']),
  fixed: z.literal('Point'),
  level: z.union([z.literal(1), z.literal(2)]),
  count: z.number().default(0),
  flag: z.boolean().readonly(),
  anything: z.json(),
  maybe: z.unknown(),
  map: z.record(z.string(), z.number()),
  needed: z.record(z.string(), z.json()).meta({ mandatory: true }),
  tags: z.array(z.string().meta({ index: true })),
  some: z.array(z.string()).min(1),
  exactly: z.array(z.string()).length(2),
  bounded: z.array(z.string()).max(3),
  grid: z.array(z.array(z.number())),
  parts: z.array(part),
  lazy: z.lazy(() => part.optional()),
  open: z.object({ known: z.int() }).catchall(z.json()),
  closed: z.strictObject({ known: z.int() }),
  get children(): z.ZodType<unknown[]> {
    return z.array(probe);
  },
});

const at = (path: string) => attributeAt(probe, path.split('/'));

describe('attributeAt', () => {
  test.each([
    ['id', { kind: 'string', list: false, optional: false, index: true }],
    ['late', { kind: 'string', optional: true, index: true }],
    ['raised', { kind: 'date-time', optional: true }],
    ['state', { kind: 'enum', members: ['ON', 'OFF'], optional: false }],
    ['fixed', { kind: 'enum', members: ['Point'] }],
    ['level', { kind: 'json' }],
    ['count', { kind: 'number', optional: true }],
    ['flag', { kind: 'boolean', optional: false }],
    ['anything', { kind: 'json' }],
    ['anything/whatever/below', { kind: 'json', optional: true }],
    ['maybe', { kind: 'json' }],
    ['map', { kind: 'map', list: false, optional: true }],
    ['map/any key', { kind: 'json', optional: true }],
    ['map/a/b', { kind: 'json' }],
    ['needed', { kind: 'map', optional: false }],
    ['tags', { kind: 'string', list: true, optional: true, index: false }],
    ['some', { list: true, optional: false }],
    ['exactly', { list: true, optional: false }],
    ['bounded', { list: true, optional: true }],
    ['grid', { kind: 'number', list: true }],
    ['parts', { kind: 'object', list: true, optional: true }],
    ['parts/size', { kind: 'number', list: false, optional: false }],
    ['parts/note', { kind: 'string', optional: true }],
    ['lazy', { kind: 'object', optional: true }],
    ['lazy/size', { kind: 'number' }],
    ['open/known', { kind: 'number', optional: false }],
    ['open/other/below', { kind: 'json', optional: true }],
    ['children/children/id', { kind: 'string', optional: false, index: false }],
  ])('%s', (path, expected) => {
    expect(at(path)).toMatchObject(expected);
  });

  test.each([
    '',
    'none',
    'id/x',
    'raised/x',
    'state/x',
    'parts/none',
    'closed/none',
    'lazy/none',
    'constructor',
    'children/none',
    '__proto__',
  ])("there is no '%s'", (path) => {
    expect(at(path)).toBeUndefined();
  });

  test('an empty path leads nowhere', () => {
    expect(attributeAt(probe, [])).toBeUndefined();
  });

  test('a permission holds for everything inside', () => {
    const model = objects.DeploymentManager.model;
    const permission = 'deploymentManagers:credentials';
    expect(attributeAt(model, ['extensions'])?.permission).toBeUndefined();
    expect(attributeAt(model, ['extensions', 'profileData'])?.permission).toBe(permission);
    expect(attributeAt(model, ['extensions', 'profileData', 'admin_user'])?.permission).toBe(permission);
    expect(attributeAt(model, ['extensions', 'profileName'])?.permission).toBeUndefined();
  });

  test('what the view derives is told', () => {
    expect(attributeAt(objects.OCloudSite.model, ['resourcePools'])?.derived).toEqual({
      object: 'ResourcePool',
      by: 'oCloudSiteId',
    });
  });

  test('the walk is done once', () => {
    expect(attributesOf(probe)).toBe(attributesOf(probe));
  });
});
