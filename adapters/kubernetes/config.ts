import { z } from 'zod';

const labelKey = z
  .string()
  .regex(/^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/, 'Not a label key of Kubernetes.');

const reference = (kinds: string) =>
  z
    .string()
    .regex(
      new RegExp(`^(${kinds}):[a-z0-9.-]+/[a-z0-9.-]+#[A-Za-z0-9._-]+$`),
      `Not a reference ${kinds}:<namespace>/<name>#<key>; material has no place here.`,
    );

const profile = z
  .strictObject({
    name: z.string().min(1).default('native_k8sapi').describe('profileName of the deployment manager.'),
    user: z.string().min(1).describe('User name of the client certificate.'),
    caCertRef: reference('secret|configmap').describe('Where the CA certificate lies.'),
    certRef: reference('secret').describe('Where the client certificate lies.'),
    keyRef: reference('secret').describe('Where its key lies.'),
  })
  .describe('How consumers reach the Kubernetes API; shown to holders of deploymentManagers:credentials only.');

/**
 * Labels by which distributions and clouds name the node group of a node, the most telling first.
 * @internal
 */
export const knownNodeGroupLabels = [
  'karpenter.sh/nodepool',
  'eks.amazonaws.com/nodegroup',
  'alpha.eksctl.io/nodegroup-name',
  'cloud.google.com/gke-nodepool',
  'kubernetes.azure.com/agentpool',
  'doks.digitalocean.com/node-pool',
  'lke.linode.com/pool-id',
  'ibm-cloud.kubernetes.io/worker-pool-name',
  'k8s.scaleway.com/pool-name',
  'worker.gardener.cloud/pool',
  'kops.k8s.io/instancegroup',
  'magnum.openstack.org/nodegroup',
];

/** The part of an instance's configuration that is about its cluster. */
export const kubernetesConfig = z
  .strictObject({
    kubeconfig: z.string().min(1).optional().describe('Path of a kubeconfig file.').meta({ file: 'read' }),
    context: z.string().min(1).optional().describe('Its context; the current one if not given.'),
    inCluster: z.boolean().default(false).describe('Use the service account of the pod instead.'),
    poolLabel: labelKey
      .default('netweave.io/resource-pool')
      .describe('Node label that names the pool; it wins over everything else.'),
    nodeGroupLabels: z
      .array(labelKey)
      .default(knownNodeGroupLabels)
      .describe('Node labels of distributions that name a pool, in order.'),
    emptyPoolsStay: z
      .int()
      .min(0)
      .default(300_000)
      .describe('Milliseconds that a pool stays, empty, when its last node has gone.'),
    labelSelector: z.string().min(1).optional().describe('Which Nodes belong to the inventory; all if not given.'),
    fieldSelector: z.string().min(1).optional().describe('The same by field.'),
    profile: profile.optional(),
  })
  .refine((config) => config.inCluster !== (config.kubeconfig !== undefined), {
    message: 'Give either kubeconfig or inCluster: true.',
    path: ['kubeconfig'],
  });

export type KubernetesConfig = z.output<typeof kubernetesConfig>;
