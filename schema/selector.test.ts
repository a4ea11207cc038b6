import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Fault } from './errors.js';
import { objects } from './objects.js';
import { presenterOf } from './present.js';
import { parseSelector, type SelectorQuery } from './selector.js';

const [resource] = objects.Resource.presenters;
const [manager] = objects.DeploymentManager.presenters;
const [pool] = objects.ResourcePool.presenters;

const select = (query: SelectorQuery) => parseSelector(query, resource!, objects.Resource.model);
const fields = (...texts: string[]) => select({ fields: texts });
const without = (...texts: string[]) => select({ exclude_fields: texts });

const cpu = {
  resourceId: 'cpu-1',
  resourcePoolId: 'p',
  resourceTypeId: 't',
  description: 'A CPU.',
  tags: ['hot'],
  groups: [],
  extensions: { cores: 8 },
  elements: [],
};
const node = {
  resourceId: 'r',
  resourcePoolId: 'p',
  resourceTypeId: 't',
  globalAssetId: 'SN-1',
  description: 'A node.',
  tags: ['edge'],
  groups: ['g'],
  extensions: { country: 'US', rack: { row: 'B', unit: 4 } },
  elements: [cpu],
};
const { document } = presenterOf(resource!, objects.Resource);
const { elements: _elements, ...flatCpu } = cpu;
const { elements: _all, extensions: _extensions, ...plain } = node;
const simple = {
  resourceId: 'r',
  resourcePoolId: 'p',
  resourceTypeId: 't',
  globalAssetId: 'SN-1',
  description: 'A node.',
};
const simpleCpu = { resourceId: 'cpu-1', resourcePoolId: 'p', resourceTypeId: 't', description: 'A CPU.' };

describe('what each selector shows (contract 3.2)', () => {
  test.each<[string, SelectorQuery, unknown]>([
    ['none', {}, plain],
    ['exclude_default', { exclude_default: '' }, plain],
    ['all_fields', { all_fields: '' }, node],
    ['all_fields=true', { all_fields: 'true' }, node],
    ['all_fields=false', { all_fields: 'false' }, plain],
    ['no list at all', { fields: [], exclude_fields: [] }, plain],
    ['fields of a simple one', { fields: ['description'] }, simple],
    ['fields', { fields: ['tags'] }, { ...simple, tags: ['edge'] }],
    ['fields in parentheses', { fields: ['(tags,groups)'] }, { ...simple, tags: ['edge'], groups: ['g'] }],
    ['repeated fields', { fields: ['tags', 'groups'] }, { ...simple, tags: ['edge'], groups: ['g'] }],
    ['fields of a key', { fields: ['extensions/country'] }, { ...simple, extensions: { country: 'US' } }],
    [
      'fields of keys',
      { fields: ['extensions/country,extensions/rack/row'] },
      { ...simple, extensions: { country: 'US', rack: { row: 'B' } } },
    ],
    [
      'the whole wins',
      { fields: ['extensions/country,extensions,extensions/rack'] },
      { ...simple, extensions: node.extensions },
    ],
    ['a key that is nowhere', { fields: ['extensions/a~1b'] }, { ...simple, extensions: {} }],
    ['fields=elements: children in full', { fields: ['elements'] }, { ...simple, elements: [cpu] }],
    ['inside children', { fields: ['elements/tags'] }, { ...simple, elements: [{ ...simpleCpu, tags: ['hot'] }] }],
    ['exclude_fields', { exclude_fields: ['extensions'] }, { ...plain, elements: [cpu] }],
    [
      'exclude_fields of a simple one',
      { exclude_fields: ['(globalAssetId,elements)'] },
      { ...plain, globalAssetId: undefined, extensions: node.extensions },
    ],
    [
      'exclude_fields of a key',
      { exclude_fields: ['extensions/rack/unit,elements'] },
      { ...plain, extensions: { country: 'US', rack: { row: 'B' } } },
    ],
    [
      'exclude_fields: the whole wins',
      { exclude_fields: ['elements/tags,elements,extensions/rack'] },
      { ...plain, extensions: { country: 'US' } },
    ],
    [
      'exclude_fields inside children',
      { exclude_fields: ['elements/elements,extensions'] },
      { ...plain, elements: [flatCpu] },
    ],
    [
      'fields and exclude_default',
      { fields: ['extensions'], exclude_default: '' },
      { ...plain, extensions: node.extensions },
    ],
    [
      'a part and exclude_default',
      { fields: ['extensions/country'], exclude_default: 'true' },
      { ...plain, extensions: { country: 'US' } },
    ],
  ])('%s', (_title, query, expected) => {
    expect(document(node, select(query))).toEqual(expected);
  });

  test('the traps of the suites', () => {
    const extensions = { exclude_fields: ['extensions,capacity,capabilities'] };
    const shown = (query: SelectorQuery) => {
      const all = {
        deploymentManagerId: 'd',
        name: 'n',
        description: '',
        oCloudId: 'o',
        serviceUri: 'u',
        supportedLocations: ['l'],
        capabilities: {},
        capacity: {},
        extensions: {},
      };
      return Object.keys(
        presenterOf(manager!, objects.DeploymentManager).document(
          all,
          parseSelector(query, manager!, objects.DeploymentManager.model),
        ),
      );
    };
    expect(shown({})).toEqual(expect.arrayContaining(['capabilities', 'capacity', 'supportedLocations']));
    expect(shown(extensions)).toEqual([
      'deploymentManagerId',
      'name',
      'description',
      'oCloudId',
      'serviceUri',
      'supportedLocations',
    ]);
    expect(shown({ fields: ['extensions/profileData'] })).toContain('extensions');
  });

  test('the mandatory and simple members of a typed part stay', () => {
    const value = {
      extensions: {
        profileName: 'native_k8sapi',
        profileData: { admin_user: 'u', cluster_api_endpoint: 'e' },
        more: 1,
      },
    };
    const query = { fields: ['extensions/profileData/admin_user'] };
    const selector = parseSelector(query, manager!, objects.DeploymentManager.model);
    expect(presenterOf(manager!, objects.DeploymentManager).document(value, selector)).toEqual({
      extensions: { profileName: 'native_k8sapi', profileData: value.extensions.profileData },
    });
  });
});

describe('what is refused', () => {
  test.each<[SelectorQuery, string, number, string]>([
    [{ all_fields: '', fields: ['extensions'] }, 'fields', 0, "'fields' cannot stand beside 'all_fields'."],
    [
      { all_fields: 'true', exclude_fields: ['extensions'] },
      'exclude_fields',
      0,
      "'exclude_fields' cannot stand beside 'all_fields'.",
    ],
    [
      { all_fields: '', exclude_default: '' },
      'exclude_default',
      0,
      "'exclude_default' cannot stand beside 'all_fields'.",
    ],
    [
      { fields: ['tags'], exclude_fields: ['extensions'] },
      'fields',
      0,
      "'fields' cannot stand beside 'exclude_fields'.",
    ],
    [
      { exclude_fields: ['extensions'], exclude_default: '' },
      'exclude_default',
      0,
      "'exclude_default' cannot stand beside 'exclude_fields'.",
    ],
    [{ all_fields: 'yes' }, 'all_fields', 0, "'all_fields' is a flag and takes no value."],
    [{ fields: ['WrongAttrName'] }, 'fields', 0, "'WrongAttrName' is no attribute here."],
    [{ fields: ['(X,WrongAttrName)'] }, 'fields', 1, "'X' is no attribute here."],
    [{ fields: ['(tags,WrongAttrName)'] }, 'fields', 6, "'WrongAttrName' is no attribute here."],
    [{ fields: ['tags,elements/none'] }, 'fields', 5, "'elements/none' is no attribute here."],
    [{ fields: ['tag'] }, 'fields', 0, "'tag' is no attribute here. Did you mean 'tags'?"],
    [
      { fields: ['elements/decsription'] },
      'fields',
      0,
      "'elements/decsription' is no attribute here. Did you mean 'elements/description'?",
    ],
    [{ fields: ['description/x'] }, 'fields', 0, "'description/x' is no attribute here."],
    [{ fields: [''] }, 'fields', 0, 'An attribute name is missing.'],
    [{ fields: ['tags,'] }, 'fields', 5, 'An attribute name is missing.'],
    [{ fields: ['(tags'] }, 'fields', 5, 'The parentheses around the list are not closed.'],
    [{ fields: ['tags)'] }, 'fields', 0, 'The parentheses around the list are not closed.'],
    [{ fields: ['()'] }, 'fields', 1, 'An attribute name is missing.'],
    [{ fields: ['extensions/@key'] }, 'fields', 11, "'@key' stands only last in the path of a filter, behind a map."],
    [
      { exclude_fields: ['extensions,description'] },
      'exclude_fields',
      11,
      "'description' is mandatory and cannot be excluded.",
    ],
    [
      { exclude_fields: ['elements/resourceId'] },
      'exclude_fields',
      0,
      "'elements/resourceId' is mandatory and cannot be excluded.",
    ],
  ])('%j', (query, at, position, message) => {
    const fault = new Fault('INVALID', message, { at, position });
    expect(() => select(query)).toThrow(expect.objectContaining({ code: 'INVALID', message, detail: fault.detail }));
  });
});

describe('the key', () => {
  test('says default and all', () => {
    expect([select({}), select({ exclude_default: '' })].map(({ key }) => key)).toEqual(['default', 'default']);
    expect(select({ all_fields: '' }).key).toBe('all');
  });

  test.each([
    ['default', without('extensions,elements'), select({})],
    ['the order of a list', fields('tags,groups'), fields('groups', 'tags')],
    ['keys in another order', fields('extensions/a,extensions/b'), fields('extensions/b,extensions/a')],
    ['a simple one, which is shown anyway', fields('description'), fields('resourceId')],
  ])('is one for the same: %s', (_title, a, b) => {
    expect(a.key).toBe(b.key);
  });

  test.each([
    ['a part and the whole', fields('extensions/a'), fields('extensions')],
    ['a part and the rest', fields('extensions/a'), without('extensions/a')],
    ['a path and a name with a slash', fields('extensions/a/b'), fields('extensions/a~1b')],
    ['two keys', fields('extensions/a'), fields('extensions/b')],
  ])('differs: %s', (_title, a, b) => {
    expect(a.key).not.toBe(b.key);
  });

  test('default and all are always the same two', () => {
    expect(without('elements,extensions')).toBe(select({}));
    expect(select({ all_fields: '' })).toBe(select({ all_fields: 'true' }));
    expect(parseSelector({}, pool!, objects.ResourcePool.model)).not.toBe(select({}));
  });
});

test('any query is read, or refused naming the parameter', () => {
  const list = fc.array(
    fc.oneof(
      fc.string({ unit: fc.constantFrom(...'(),/~@a') }),
      fc.constantFrom('extensions', 'elements/tags', '(tags)', 'name'),
    ),
    { maxLength: 2 },
  );
  const flag = fc.option(fc.constantFrom('', 'true', 'false', 'x'), { nil: undefined });
  fc.assert(
    fc.property(flag, list, list, flag, (all, some, none, standard) => {
      const query = {
        ...(all !== undefined && { all_fields: all }),
        fields: some,
        exclude_fields: none,
        ...(standard !== undefined && { exclude_default: standard }),
      };
      try {
        const shown = document(node, select(query));
        expect(shown).toMatchObject({
          resourceId: 'r',
          resourcePoolId: 'p',
          resourceTypeId: 't',
          description: 'A node.',
        });
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        expect(['all_fields', 'fields', 'exclude_fields', 'exclude_default']).toContain(error.detail.at);
      }
    }),
    { numRuns: 500 },
  );
});
