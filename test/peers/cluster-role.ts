import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Cluster } from './cluster.js';

export interface Rule {
  readonly resources?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}
interface ClusterRole {
  readonly kind: string;
  readonly rules: readonly Rule[];
}
interface Binding {
  readonly subjects: readonly { readonly kind: string; readonly name: string; readonly namespace: string }[];
}

export const rolePath = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
export const bindingPath = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';

const file = join(import.meta.dirname, '../../../adapters/kubernetes/rbac.yaml');

/** The role that operators are told to give the gateway, and to which service account. */
export const [documentedRole, documentedBinding] = parseAllDocuments(readFileSync(file, 'utf8')).map(
  (document) => document.toJS() as unknown,
) as [ClusterRole, Binding];

/** Gives the documented role to the user `netweave`. */
export async function grantRole(cluster: Cluster): Promise<void> {
  await cluster.request('POST', rolePath, documentedRole);
  await cluster.request('POST', bindingPath, {
    metadata: { name: 'netweave' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'netweave' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'netweave' }],
  });
}
