import { describe, expect, test } from '@jest/globals';
import { array, assert, constantFrom, dictionary, property, stringMatching, tuple } from 'fast-check';
import { kubernetesConfig, knownNodeGroupLabels } from '../../config.js';
import { slimNode, type SlimNode } from '../../natives/node.js';
import { createChain } from './chain.js';
import { distributions } from './testing/distributions.js';
import { isLabelValue, type PoolProvider } from './pool.js';

const options = kubernetesConfig.parse({ inCluster: true });
const chain = createChain(options);
const { poolLabel } = options;

function node(labels: Readonly<Record<string, string>>): SlimNode {
  return slimNode({ metadata: { name: 'n', uid: 'u', resourceVersion: '1', labels: { ...labels } } });
}

const allNodes = distributions.flatMap(({ name, nodes }) => nodes.map(({ labels, pool }) => ({ name, labels, pool })));

const value = stringMatching(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/);
const labelKeys = [
  ...knownNodeGroupLabels.slice(0, 4),
  'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/zone',
  'node-role.kubernetes.io/worker',
  'node-role.kubernetes.io/a.role_of-its-own',
  'node-role.kubernetes.io/control-plane',
  'kubernetes.io/hostname',
];
const labelSets = dictionary(constantFrom(...labelKeys), value, { maxKeys: 6 });

describe('the chain of pool providers', () => {
  test.each(allNodes)('$name: $pool', ({ labels, pool }) => {
    expect(chain.poolOf(node(labels)).key).toBe(pool);
  });

  test('puts every node into exactly one pool, whose key is a label value', () => {
    assert(
      property(labelSets, (labels) => {
        const pool = chain.poolOf(node(labels));
        expect(isLabelValue(pool.key)).toBe(true);
        expect(pool.extensions['poolKey']).toBe(pool.key);
        expect(chain.poolOf(node(labels))).toEqual(pool);
      }),
    );
  });

  test('different groups are different pools, long names too', () => {
    assert(
      property(tuple(value, value), ([a, b]) => {
        const keyOf = (group: string) => chain.poolOf(node({ 'alpha.eksctl.io/nodegroup-name': group })).key;
        expect(keyOf(a) === keyOf(b)).toBe(a === b);
      }),
    );
  });

  test('our own label wins, and moves a node into any pool there is', () => {
    assert(
      property(labelSets, labelSets, (here, there) => {
        const target = chain.poolOf(node(there));
        const moved = chain.poolOf(node({ ...here, [poolLabel]: target.key }));
        expect(moved.key).toBe(target.key);
        // Only what had to be cut (or has two dots in its own name) cannot be told from its key.
        const isPlain = !target.key.replace(/^(zone\..*?)\.\./, '$1 ').includes('..');
        if (isPlain && !/\.\.[0-9a-f]{16}$/.test(target.key)) expect(moved).toEqual(target);
      }),
      { examples: [[{}, { 'topology.kubernetes.io/zone': 'z'.repeat(60) }]] },
    );
  });

  test('a pool of our own has the name the label gives it; an empty label says nothing', () => {
    expect(chain.poolOf(node({ [poolLabel]: 'edge-a' }))).toMatchObject({ key: 'edge-a', name: 'edge-a' });
    expect(chain.poolOf(node({ [poolLabel]: '' })).key).toBe('default');
    expect(chain.withoutLabel(node({ [poolLabel]: 'edge-a' })).key).toBe('default');
  });

  test('no key changes when a provider appears: it only takes the nodes it knows', () => {
    const machineSets: PoolProvider = {
      name: 'machine-set',
      poolOf: ({ labels }) => {
        const set = labels['kubernetes.io/hostname'];
        return set === undefined
          ? undefined
          : {
              key: `machine-set.${set}`,
              name: set,
              description: '',
              extensions: { provider: 'machine-set', poolKey: `machine-set.${set}` },
            };
      },
    };
    const later = createChain(options, [machineSets]);
    assert(
      property(array(labelSets, { maxLength: 8 }), (cluster) => {
        const before = cluster.map((labels) => chain.poolOf(node(labels)).key);
        const after = cluster.map((labels) => later.poolOf(node(labels)).key);
        after.forEach((key, index) => {
          if (!key.startsWith('machine-set.')) expect(key).toBe(before[index]);
          else expect(before).not.toContain(key);
        });
      }),
    );
  });
});
