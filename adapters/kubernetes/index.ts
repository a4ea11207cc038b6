import { defineAdapter } from '../define.js';
import { kubernetesConfig } from './config.js';
import { connect } from './connect.js';

/** Nodes, storage classes and the cluster itself, from the Kubernetes API. See readme.md for the mapping. */
export const kubernetes = defineAdapter({
  type: 'kubernetes',
  title: 'Kubernetes',
  config: kubernetesConfig,
  mapping: 1,
  connect: (config, context) => connect(config, context),
});
