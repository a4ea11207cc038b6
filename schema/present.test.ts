import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { invalid } from './errors.js';
import { defineObject } from './object.js';
import { definitionOf, objectNames, objects } from './objects.js';
import { presenterOf, type Hidden } from './present.js';
import type { Codec, Presenter } from './presenter.js';
import { permissionsOf } from './permissions.js';
import { parseSelector } from './selector.js';

const loud: Codec = {
  shown: z.string().nullable(),
  encode: (value) => (value === null ? undefined : String(value).toUpperCase()),
  decode(shown) {
    if (shown !== shown.toUpperCase()) throw invalid(`'${shown}' is not loud.`);
    return shown.toLowerCase();
  },
};

const table: Presenter = {
  api: 'probe',
  major: 'v1',
  type: 'ProbeInfo',
  routes: {},
  attributes: {
    code: 'id',
    mood: { path: 'state', codec: loud },
    street: 'address/street',
    labels: 'map',
    inner: 'parts',
    kids: 'children',
  },
  defaultExcluded: ['kids'],
  nested: ['kids'],
};

const model = z.object({
  id: z.string(),
  state: z.string().nullable().optional(),
  address: z.object({ street: z.string(), city: z.string() }).optional(),
  map: z.record(z.string(), z.json()).optional(),
  parts: z.array(z.object({ size: z.int(), secret: z.string().optional() })).optional(),
  get children(): z.ZodType<unknown[]> {
    return z.array(model);
  },
});
const Probe = defineObject({
  name: 'Probe',
  collection: 'probes',
  key: 'id',
  relations: {},
  model,
  presenters: [table],
});
const probe = presenterOf(table, Probe);
const standard = parseSelector({}, table, model);
const all = parseSelector({ all_fields: '' }, table, model);

const child = { id: 'c', state: 'shy', children: [{ id: 'd', children: [] }], parts: [{ size: 2, secret: 's2' }] };
const value = Object.freeze({
  children: [child],
  parts: [{ size: 1, secret: 's1' }, { size: 3 }],
  map: { b: 1, a: { x: 1 } },
  address: { street: 'Main', city: 'X' },
  state: 'glad',
  id: 'p',
});

describe('document and text', () => {
  test("attributes in the presenter's order and spelling", () => {
    expect(probe.text(value, standard)).toBe(
      '{"code":"p","mood":"GLAD","street":"Main","labels":{"b":1,"a":{"x":1}},"inner":[{"size":1,"secret":"s1"},{"size":3}]}',
    );
  });

  test('nested objects are spelled by the same table, in full', () => {
    expect(probe.document(value, all)['kids']).toEqual([
      { code: 'c', mood: 'SHY', inner: [{ size: 2, secret: 's2' }], kids: [{ code: 'd', kids: [] }] },
    ]);
  });

  test('or in part', () => {
    const selector = parseSelector({ fields: ['kids/inner'] }, table, model);
    expect(probe.document(value, selector)).toEqual({
      code: 'p',
      mood: 'GLAD',
      street: 'Main',
      kids: [{ code: 'c', mood: 'SHY', inner: child.parts }],
    });
  });

  test('what is absent is left out, null is sent unless the codec leaves it out', () => {
    expect(probe.document({ id: 'p', state: null, map: null, address: null }, all)).toEqual({
      code: 'p',
      labels: null,
    });
  });

  test('unchanged parts are shared, not copied', () => {
    expect(probe.document(value, standard)['labels']).toBe(value.map);
  });

  test('a key named __proto__ stays a key', () => {
    const map = JSON.parse('{"__proto__":{"x":1},"y":2}') as object;
    const selector = parseSelector({ exclude_fields: ['labels/y'] }, table, model);
    expect(JSON.stringify(probe.document({ id: 'p', map }, selector))).toBe(
      '{"code":"p","labels":{"__proto__":{"x":1}}}',
    );
  });

  test('text is the document', () => {
    for (const selector of [standard, all])
      expect(JSON.parse(probe.text(value, selector))).toEqual(probe.document(value, selector));
  });
});

describe('what is hidden', () => {
  test.each<[string, Hidden, (shown: Record<string, unknown>) => unknown, unknown]>([
    ['nothing', [], (shown) => shown['street'], 'Main'],
    ['an attribute', [['address', 'street']], (shown) => 'street' in shown, false],
    ['what an attribute comes from', [['address']], (shown) => 'street' in shown, false],
    ['a part, in every element', [['parts', 'secret']], (shown) => shown['inner'], [{ size: 1 }, { size: 3 }]],
    ['a key', [['map', 'a']], (shown) => shown['labels'], { b: 1 }],
    [
      'a key in a key',
      [
        ['map', 'a', 'x'],
        ['map', 'b'],
      ],
      (shown) => shown['labels'],
      { a: {} },
    ],
    [
      'at every level',
      [['parts', 'secret'], ['state']],
      (shown) => shown['kids'],
      [{ code: 'c', inner: [{ size: 2 }], kids: [{ code: 'd', kids: [] }] }],
    ],
  ])('%s', (_title, hidden, part, expected) => {
    expect(part(probe.document(value, all, hidden))).toEqual(expected);
    expect(part(JSON.parse(probe.text(value, all, hidden)) as Record<string, unknown>)).toEqual(expected);
  });

  test('is hidden from a selection that asks for it', () => {
    const selector = parseSelector({ fields: ['inner/secret'] }, table, model);
    expect(probe.document(value, selector)['inner']).toEqual([{ size: 1, secret: 's1' }, { size: 3 }]);
    expect(probe.document(value, selector, [['parts', 'secret']])['inner']).toEqual([{ size: 1 }, { size: 3 }]);
  });

  test('the credentials of a deployment manager, and nothing beside them', () => {
    const [presenter] = objects.DeploymentManager.presenters;
    const { document } = presenterOf(presenter!, objects.DeploymentManager);
    const whole = parseSelector({ all_fields: '' }, presenter!, objects.DeploymentManager.model);
    const manager = {
      deploymentManagerId: 'd',
      extensions: { profileName: 'native_k8sapi', profileData: { admin_user: 'u' }, more: 1 },
    };
    const hidden = permissionsOf(objects.DeploymentManager.model).map(({ path }) => path);
    expect(document(manager, whole, hidden)).toEqual({
      deploymentManagerId: 'd',
      extensions: { profileName: 'native_k8sapi', more: 1 },
    });
    expect(document(manager, whole)).toEqual(manager);
  });
});

describe('the way back', () => {
  test.each([
    ['code', 'id'],
    ['mood', 'state'],
    ['street', 'address/street'],
    ['labels', 'map'],
    ['labels/any/key', 'map/any/key'],
    ['inner/size', 'parts/size'],
    ['kids', 'children'],
    ['kids/kids/street', 'children/children/address/street'],
    ['id', undefined],
    ['address', undefined],
    ['mood/x', undefined],
    ['street/x', undefined],
    ['inner/none', undefined],
    ['kids/id', undefined],
    ['constructor', undefined],
    ['__proto__', undefined],
    ['', undefined],
  ])("'%s' comes from '%s'", (names, path) => {
    expect(probe.pathOf(names.split('/'))?.join('/')).toBe(path);
  });

  test('no names lead nowhere', () => {
    expect(probe.pathOf([])).toBeUndefined();
  });

  test('values go back through the codec, at every level', () => {
    expect(probe.decode(['code'], 'Ab')).toBe('Ab');
    expect(probe.decode(['mood'], 'GLAD')).toBe('glad');
    expect(probe.decode(['kids', 'mood'], 'GLAD')).toBe('glad');
    expect(probe.decode(['labels', 'mood'], 'Glad')).toBe('Glad');
    expect(() => probe.decode(['mood'], 'glad')).toThrow("'glad' is not loud.");
  });
});

describe('presenterOf', () => {
  test('is made once', () => {
    expect(presenterOf(table, Probe)).toBe(probe);
  });

  test('refuses a table that names what the model has not', () => {
    const wrong = { ...table, attributes: { code: 'address/none' } };
    expect(() => presenterOf(wrong, Probe)).toThrow(
      "Presenter ProbeInfo v1: 'code' comes from 'address/none', which the model has not.",
    );
  });

  const tables = objectNames.flatMap((name) => definitionOf(name).presenters.map((presenter) => ({ name, presenter })));
  test.each(tables)('$presenter.api $presenter.major $presenter.type leads into its model', ({ name, presenter }) => {
    const { pathOf } = presenterOf(presenter, definitionOf(name));
    expect(Object.keys(presenter.attributes).filter((attribute) => !pathOf([attribute]))).toEqual([]);
  });

  test.each(tables)(
    '$presenter.api $presenter.major $presenter.type leaves out by default what it has and may leave out',
    ({ name, presenter }) => {
      const query = { exclude_fields: presenter.defaultExcluded };
      expect(parseSelector(query, presenter, definitionOf(name).model).key).toBe('default');
    },
  );
});
