/** Nodes as distributions label them, and the pool each is expected in. Data for tests here and against a real API server. */
export interface Distribution {
  readonly name: string;
  readonly nodes: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly providerId?: string;
    readonly pool: string;
  }[];
}

const role = (...roles: readonly string[]) =>
  Object.fromEntries(roles.map((each) => [`node-role.kubernetes.io/${each}`, '']));
const zone = (name: string) => ({
  'topology.kubernetes.io/zone': name,
  'topology.kubernetes.io/region': name.replace(/-?[a-z0-9]$/, ''),
});
const instance = (type: string) => ({
  'node.kubernetes.io/instance-type': type,
  'kubernetes.io/arch': 'amd64',
  'kubernetes.io/os': 'linux',
});

export const distributions: readonly Distribution[] = [
  {
    name: 'EKS with a managed node group and Karpenter',
    nodes: [
      {
        labels: {
          ...zone('eu-west-1a'),
          ...instance('m5.xlarge'),
          'eks.amazonaws.com/nodegroup': 'core',
          'eks.amazonaws.com/capacityType': 'ON_DEMAND',
        },
        providerId: 'aws:///eu-west-1a/i-0123456789abcdef0',
        pool: 'eks.amazonaws.com_nodegroup.core',
      },
      {
        labels: {
          ...zone('eu-west-1b'),
          ...instance('c6i.4xlarge'),
          'karpenter.sh/nodepool': 'burst',
          'karpenter.sh/capacity-type': 'spot',
        },
        providerId: 'aws:///eu-west-1b/i-0123456789abcdef1',
        pool: 'karpenter.sh_nodepool.burst',
      },
    ],
  },
  {
    name: 'GKE',
    nodes: [
      {
        labels: {
          ...zone('europe-west1-b'),
          ...instance('n2-standard-8'),
          'cloud.google.com/gke-nodepool': 'default-pool',
          'cloud.google.com/gke-os-distribution': 'cos',
        },
        providerId: 'gce://project/europe-west1-b/gke-default-pool-1',
        pool: 'cloud.google.com_gke-nodepool.default-pool',
      },
    ],
  },
  {
    name: 'AKS',
    nodes: [
      {
        labels: {
          ...zone('westeurope-1'),
          ...instance('Standard_D8s_v5'),
          ...role('agent'),
          agentpool: 'nodepool1',
          'kubernetes.azure.com/agentpool': 'nodepool1',
        },
        providerId:
          'azure:///subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/v/virtualMachines/0',
        pool: 'kubernetes.azure.com_agentpool.nodepool1',
      },
    ],
  },
  {
    name: 'DOKS',
    nodes: [
      {
        labels: {
          ...instance('s-4vcpu-8gb'),
          region: 'fra1',
          'doks.digitalocean.com/node-pool': 'edge',
          'doks.digitalocean.com/node-pool-id': '5a2ea5fb-f826-4df1-b405-8b6f8d594098',
        },
        providerId: 'digitalocean://245512345',
        pool: 'doks.digitalocean.com_node-pool.edge',
      },
    ],
  },
  {
    name: 'OpenShift installed by IPI',
    nodes: [
      {
        labels: {
          ...zone('us-east-2a'),
          ...instance('m6i.xlarge'),
          ...role('control-plane', 'master'),
          'node.openshift.io/os_id': 'rhcos',
        },
        providerId: 'aws:///us-east-2a/i-0aaaaaaaaaaaaaaa0',
        pool: 'zone.us-east-2a..control-plane',
      },
      {
        labels: {
          ...zone('us-east-2a'),
          ...instance('m6i.2xlarge'),
          ...role('worker'),
          'node.openshift.io/os_id': 'rhcos',
        },
        providerId: 'aws:///us-east-2a/i-0aaaaaaaaaaaaaaa1',
        pool: 'zone.us-east-2a..worker',
      },
      {
        labels: {
          ...zone('us-east-2b'),
          ...instance('m6i.2xlarge'),
          ...role('infra', 'worker'),
          'node.openshift.io/os_id': 'rhcos',
        },
        providerId: 'aws:///us-east-2b/i-0aaaaaaaaaaaaaaa2',
        pool: 'zone.us-east-2b..infra',
      },
    ],
  },
  {
    name: 'Gardener',
    nodes: [
      {
        labels: {
          ...zone('eu-de-1a'),
          ...instance('g_c4_m16'),
          'worker.gardener.cloud/pool': 'du-pool',
          'worker.garden.sapcloud.io/group': 'du-pool',
        },
        providerId: 'openstack:///5f1c2f0a-0000-4000-8000-000000000001',
        pool: 'worker.gardener.cloud_pool.du-pool',
      },
    ],
  },
  {
    name: 'kubeadm on machines of one room',
    nodes: [
      {
        labels: {
          ...role('control-plane'),
          'kubernetes.io/hostname': 'cp-0',
          'node.kubernetes.io/exclude-from-external-load-balancers': '',
        },
        pool: 'role.control-plane',
      },
      { labels: { 'kubernetes.io/hostname': 'worker-0', 'kubernetes.io/arch': 'amd64' }, pool: 'default' },
    ],
  },
  {
    name: 'k3s',
    nodes: [
      {
        labels: {
          ...role('control-plane', 'master'),
          'node.kubernetes.io/instance-type': 'k3s',
          'egress.k3s.io/cluster': 'true',
        },
        providerId: 'k3s://server-0',
        pool: 'role.control-plane',
      },
      { labels: { 'node.kubernetes.io/instance-type': 'k3s' }, providerId: 'k3s://agent-0', pool: 'default' },
    ],
  },
  {
    name: 'StarlingX',
    nodes: [
      {
        labels: {
          ...role('control-plane'),
          'kubernetes.io/hostname': 'controller-0',
          'openstack-compute-node': 'enabled',
        },
        pool: 'role.control-plane',
      },
      {
        labels: { 'kubernetes.io/hostname': 'compute-0', sriovdp: 'enabled', 'kube-cpu-mgr-policy': 'static' },
        pool: 'default',
      },
    ],
  },
  {
    name: 'RKE2',
    nodes: [
      {
        labels: { ...role('control-plane', 'etcd', 'master'), 'node.kubernetes.io/instance-type': 'rke2' },
        providerId: 'rke2://server-0',
        pool: 'role.control-plane',
      },
      {
        labels: { ...role('worker'), 'node.kubernetes.io/instance-type': 'rke2' },
        providerId: 'rke2://agent-0',
        pool: 'role.worker',
      },
    ],
  },
];
