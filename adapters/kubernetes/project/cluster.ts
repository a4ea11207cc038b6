import type { ConnectContext, GroupProjection } from '../../contract.js';
import type { KubernetesConfig } from '../config.js';
import type { SlimCluster } from '../natives/cluster.js';
import type { SlimNode } from '../natives/node.js';
import { addUp, type Capacity, createShareOf, type NodeShare } from './capacity.js';
import type { DeploymentManagerValue } from './values.js';

/** Identity of the one cluster of an instance. */
export const clusterIdentity = 'cluster';

/** The cluster is the deployment manager: its capacity is the sum of its nodes', its version and APIs are the server's. */
export function projectManager(
  context: ConnectContext,
  server: string,
  config: KubernetesConfig,
): GroupProjection<'DeploymentManager'> {
  const shareOf = createShareOf();
  return {
    contribute: {
      Node: (node: SlimNode) => [[clusterIdentity, shareOf(node)]],
      Cluster: (cluster: SlimCluster) => [[clusterIdentity, cluster]],
    },
    build(_key, contributions) {
      const shares: NodeShare[] = [];
      let cluster: SlimCluster | undefined;
      for (const each of contributions as readonly (NodeShare | SlimCluster)[]) {
        if ('traits' in each) shares.push(each);
        else cluster = each;
      }
      const capacity = addUp(shares);
      const value: DeploymentManagerValue = {
        name: context.key,
        description: `Kubernetes cluster at ${server}`,
        oCloudId: context.oCloudId,
        serviceUri: server,
        supportedLocations: locationsOf(context, capacity),
        capabilities: capabilitiesOf(cluster, capacity),
        capacity: capacity.quantities,
        extensions: profileOf(server, config),
      };
      return { value, tenant: null };
    },
  };
}

function locationsOf(context: ConnectContext, { zones }: Capacity): string[] {
  const all = zones.length > 0 ? zones : [undefined];
  return [...new Set(all.map((zone) => context.siteOf(zone).globalLocationId))].sort();
}

function capabilitiesOf(cluster: SlimCluster | undefined, capacity: Capacity): DeploymentManagerValue['capabilities'] {
  return {
    ...(cluster && {
      kubernetesVersion: cluster.version,
      platform: cluster.platform,
      apiGroups: [...cluster.apiGroups],
    }),
    architectures: [...capacity.architectures],
    operatingSystems: [...capacity.operatingSystems],
    devices: [...capacity.devices],
    hugePages: [...capacity.hugePages],
  };
}

/** References only: the gateway never reads a secret, so it has no material to show. */
function profileOf(server: string, { profile }: KubernetesConfig): NonNullable<DeploymentManagerValue['extensions']> {
  if (!profile) return {};
  return {
    profileName: profile.name,
    profileData: {
      cluster_api_endpoint: server,
      cluster_ca_cert: profile.caCertRef,
      admin_user: profile.user,
      admin_client_cert: profile.certRef,
      admin_client_key: profile.keyRef,
    },
  };
}
