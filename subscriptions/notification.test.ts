import { describe, expect, test } from '@jest/globals';
import type { Value } from '#schema/change.js';
import { changeOf, told } from './testing/events.js';
import { eventOf } from './log/told-event.js';
import { notificationId, notificationOf, type Notified } from './notification.js';

const notifier = { publicUrl: 'https://o2.example/north', oCloudId: '5b1f6f8c-6c3e-4d0c-9a51-3f3b8a1f0e11' };
const subscription: Notified = { id: 's', api: 'o2ims-infrastructureInventory', major: 'v2' };
const resource = {
  resourceId: 'r',
  resourcePoolId: 'p',
  resourceTypeId: 't',
  description: 'old',
  elements: [],
  tags: ['a'],
  groups: [],
  extensions: { rack: 'x' },
};
const modified = told({
  object: 'Resource',
  kind: 'modified',
  id: 'r',
  before: resource,
  after: { ...resource, description: 'new' },
});

type Body = Readonly<Record<string, unknown>>;

function bodyOf(event = modified, more: Partial<Notified> = {}): Body {
  return JSON.parse(notificationOf(event, { ...subscription, ...more }, notifier)) as Body;
}

test('a modification has both states with all attributes', () => {
  expect(bodyOf(modified, { consumerSubscriptionId: 'MINE "1"' })).toEqual({
    notificationId: notificationId(modified, subscription, notifier.oCloudId),
    consumerSubscriptionId: 'MINE "1"',
    notificationEventType: 1,
    objectRef: 'https://o2.example/north/o2ims-infrastructureInventory/v2/resourcePools/p/resources/r',
    priorObjectState: resource,
    postObjectState: { ...resource, description: 'new' },
  });
});

test('a creation has no prior state, a deletion no later one', () => {
  const created = bodyOf(told({ object: 'Resource', kind: 'created', id: 'r', after: resource }));
  expect(created).toMatchObject({ notificationEventType: 0, postObjectState: resource });
  expect(created).not.toHaveProperty('priorObjectState');
  expect(created).not.toHaveProperty('consumerSubscriptionId');
  const deleted = bodyOf(told({ object: 'Resource', kind: 'deleted', id: 'r', before: resource }));
  expect(deleted).toMatchObject({ notificationEventType: 2, priorObjectState: resource });
  expect(deleted).not.toHaveProperty('postObjectState');
  expect(deleted['objectRef']).toMatch(/\/resourcePools\/p\/resources\/r$/);
});

test('states as JSON text, for who reads the specification literally', () => {
  const { priorObjectState, postObjectState } = bodyOf(modified, { states: 'string' });
  expect(JSON.parse(priorObjectState as string)).toEqual(resource);
  expect(JSON.parse(postObjectState as string)).toEqual({ ...resource, description: 'new' });
});

describe('the id', () => {
  const at = (seq: number, tag = 't', id = 's') => {
    const change = { ...changeOf({ object: 'Resource', kind: 'created', after: resource }), position: { seq, tag } };
    return notificationId(eventOf(change), { id }, notifier.oCloudId);
  };

  test('is the same whenever and wherever it is made', () => {
    expect(at(7)).toBe(at(7));
    expect(at(7)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test('differs by subscription and by place in the log, rewritten ones too', () => {
    expect(new Set([at(7), at(8), at(7, 'u'), at(7, 't', 'other')]).size).toBe(4);
  });
});

describe('what is never shown', () => {
  const manager = {
    deploymentManagerId: 'd',
    name: 'd',
    extensions: { profileName: 'native_k8sapi', profileData: { admin_client_key: 'secret:a/b#c' }, zone: 'z' },
  };

  test.each(['v1', 'v2'])('credentials of a deployment manager, in %s', (major) => {
    const before: Value = manager;
    const event = told({
      object: 'DeploymentManager',
      kind: 'modified',
      id: 'd',
      before,
      after: { ...manager, name: 'e' },
    });
    for (const states of ['object', 'string'] as const) {
      const text = notificationOf(event, { ...subscription, major, states }, notifier);
      expect(text).not.toContain('secret:');
      expect(text).toContain('native_k8sapi');
    }
  });

  test('the pools of a site, which the log does not hold', () => {
    const site = { oCloudSiteId: 's', globalLocationId: 'g', name: 'x', description: '', resourcePools: [] };
    const { resourcePools: _derived, ...shown } = site;
    expect(bodyOf(told({ object: 'OCloudSite', kind: 'created', id: 's', after: site }))['postObjectState']).toEqual(
      shown,
    );
  });
});

describe('references', () => {
  const refOf = (event = modified, more: Partial<Notified> = {}) => bodyOf(event, more)['objectRef'];
  const base = 'https://o2.example/north';

  test('are spelled as the subscription was', () => {
    expect(refOf(modified, { major: 'v1', spelling: 'O2ims_infrastructureInventory' })).toBe(
      `${base}/O2ims_infrastructureInventory/v1/resourcePools/p/resources/r`,
    );
    const pool = told({ object: 'ResourcePool', kind: 'created', id: 'p', after: { resourcePoolId: 'p' } });
    expect(refOf(pool, { api: 'o2ims', major: 'v1' })).toBe(`${base}/o2ims/v1/resourcePools/p`);
  });

  test('lead to the O-Cloud itself, and to ids that are not made of letters', () => {
    const cloud = told({ object: 'OCloud', kind: 'modified', id: 'c', before: {}, after: { oCloudId: 'c' } });
    expect(refOf(cloud)).toBe(`${base}/o2ims-infrastructureInventory/v2/`);
    const location = told({ object: 'Location', kind: 'created', id: 'a/b ü', after: { globalLocationId: 'a/b ü' } });
    expect(refOf(location)).toBe(`${base}/o2ims-infrastructureInventory/v2/locations/a%2Fb%20%C3%BC`);
  });

  test('are left out when their path cannot be told', () => {
    expect(refOf(told({ object: 'Resource', kind: 'deleted', id: 'r', before: {} }))).toBeUndefined();
  });
});

test.each([
  ['what is only said anew', { change: 'restated' as const }],
  ['what the first synchronisation finds', { baseline: true }],
  ['an object that the API has not', { object: 'Alarm' }],
])('%s has no notification', (_title, more) => {
  const change = { ...changeOf({ object: 'Resource', kind: 'created', after: resource }), ...more };
  expect(() => notificationOf(eventOf(change), subscription, notifier)).toThrow('No notification');
});
