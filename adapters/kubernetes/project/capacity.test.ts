import { expect, test } from '@jest/globals';
import { fakeNode } from '../testing/fake-cluster.js';
import { type NativeNode, slimNode } from '../natives/node.js';
import { addUp, createShareOf } from './capacity.js';

type Traits = Parameters<typeof fakeNode>[1];
const node = (name: string, traits: Traits = {}) => slimNode(fakeNode(name, traits) as unknown as NativeNode);

test('a node whose labels change adds the very same as before, and so do nodes that are alike', () => {
  const shareOf = createShareOf();
  const share = shareOf(node('a'));
  expect(shareOf(node('a', { labels: { 'example.com/site': 'roof' } }))).toBe(share);
  expect(shareOf(node('b'))).toBe(share);
});

test('what counts makes another share', () => {
  const shareOf = createShareOf();
  const zone = { 'topology.kubernetes.io/zone': 'edge' };
  const all = [
    node('a'),
    node('a', { capacity: { memory: '128Gi' } }),
    node('a', { capacity: { 'nvidia.com/gpu': '2' } }),
    node('a', { labels: zone }),
  ].map(shareOf);
  expect(new Set(all).size).toBe(4);
  expect(addUp(all)).toMatchObject({
    quantities: { nodes: '4', cpu: '256', memory: `${896 * 2 ** 20}Ki`, 'nvidia.com/gpu': '2' },
    zones: [undefined, 'edge'],
  });
});
