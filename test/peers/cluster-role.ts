import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Cluster } from './cluster.js';

interface ClusterRole {
  readonly kind: string;
  readonly rules: readonly { readonly resources?: readonly string[]; readonly verbs: readonly string[] }[];
}

export const rolePath = '/apis/rbac.authorization.k8s.io/v1/clusterroles';

const file = join(import.meta.dirname, '../../../adapters/kubernetes/rbac.yaml');

/** The role that operators are told to give the gateway. */
export const [documentedRole] = parseAllDocuments(readFileSync(file, 'utf8')).map(
  (document) => document.toJS() as ClusterRole,
) as [ClusterRole];

/** Gives the documented role to the user `netweave`. */
export async function grantRole(cluster: Cluster): Promise<void> {
  await cluster.request('POST', rolePath, documentedRole);
  await cluster.request('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: 'netweave' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'netweave' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'netweave' }],
  });
}
