import { describe, expect, test } from '@jest/globals';
import type { ConnectContext } from '../../contract.js';
import { kubernetesConfig } from '../config.js';
import { slimNode } from '../natives/node.js';
import { createChain } from './pools/chain.js';
import { type Pool, poolKey, type PoolProvider } from './pools/pool.js';
import { projectPools } from './resource-pool.js';

const context = {
  oCloudId: 'cloud',
  siteOf: (zone: string | undefined) => ({
    oCloudSiteId: `site-${zone ?? 'default'}`,
    globalLocationId: `place-${zone ?? 'default'}`,
  }),
} as ConnectContext;

/** What a provider with custom resources will look like. */
const machineSet = (name: string, zone: string): Pool => {
  const key = poolKey('machine-set', name);
  return { key, name, description: 'A MachineSet.', zone, extensions: { provider: 'machine-set', poolKey: key } };
};
const machineSets: PoolProvider = {
  name: 'machine-set',
  poolOf: ({ labels }) => (labels['set'] === undefined ? undefined : machineSet(labels['set'], labels['zone']!)),
  kinds: [
    {
      kind: 'MachineSet',
      path: '/apis/machine.openshift.io/v1beta1/machinesets',
      slim: (native) => native,
      poolOf: ({ name, zone }: { name: string; zone: string }) => machineSet(name, zone),
    },
  ],
};

const options = kubernetesConfig.parse({ inCluster: true });
const node = (labels: Record<string, string>) =>
  slimNode({ metadata: { name: 'n', uid: 'u', resourceVersion: '1', labels } }) as never;

describe('projectPools', () => {
  const { contribute, build } = projectPools(context, createChain(options, [machineSets]));
  const said = (kind: string, native: never) => [...contribute[kind]!(native, 'u')][0]!;

  test('lists a pool whose object lives with no node in it', () => {
    const [key, contribution] = said('MachineSet', { name: 'edge', zone: 'z1' } as never);
    expect(key).toBe('machine-set.edge');
    expect(build(key, [contribution])!.value).toMatchObject({ name: 'edge', oCloudSiteId: 'site-z1' });
  });

  test('its nodes and the nodes moved into it by label are in the same pool, described by its own provider', () => {
    const contributions = [node({ [options.poolLabel]: 'machine-set.edge' }), node({ set: 'edge', zone: 'z1' })].map(
      (each) => said('Node', each),
    );
    expect(contributions.map(([key]) => key)).toEqual(['machine-set.edge', 'machine-set.edge']);
    const value = build(
      'machine-set.edge',
      contributions.map(([, contribution]) => contribution),
    )!.value;
    expect(value).toMatchObject({ name: 'edge', description: 'A MachineSet.', oCloudSiteId: 'site-z1' });
  });

  test('nodes that say the same share one contribution', () => {
    const say = () => said('Node', node({ 'topology.kubernetes.io/zone': 'z1' }))[1];
    expect(say()).toBe(say());
  });
});
