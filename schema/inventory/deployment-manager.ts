import { z } from 'zod';
import { identifier, keyValuePairs, text } from '../attributes.js';
import { defineObject } from '../object.js';
import { asModelled } from '../presenter.js';

/** How the Kubernetes API of a deployment manager is reached; certificate and key by reference, never material. */
const ProfileData = z
  .object({
    cluster_api_endpoint: z.string().describe('URL of the Kubernetes API.'),
    cluster_ca_cert: z.string().describe('Reference to the CA certificate.'),
    admin_user: z.string().describe('User name of the client certificate.'),
    admin_client_cert: z.string().describe('Reference `secret:<namespace>/<name>#<key>`.'),
    admin_client_key: z.string().describe('Reference `secret:<namespace>/<name>#<key>`.'),
  })
  .meta({ id: 'ProfileData', description: 'Access data of the Kubernetes profile.' });

const Extensions = z
  .object({
    profileName: z.string().optional().describe('`native_k8sapi` for the Kubernetes profile.'),
    profileData: ProfileData.optional().meta({ permission: 'deploymentManagers:credentials' }),
  })
  .catchall(z.json())
  .describe('Further attributes; `profileName` and `profileData` lead to the deployment API.');

const model = z
  .object({
    deploymentManagerId: identifier('Identifies the deployment manager.'),
    name: text('Name of the deployment manager.', 255).meta({ index: true }),
    description: text('What it is.'),
    oCloudId: identifier('The O-Cloud it belongs to.'),
    serviceUri: z.string().max(2048).describe('Where O2-DMS is reached.'),
    supportedLocations: z
      .array(z.string().max(255))
      .describe('globalLocationId of each location it can deploy to.')
      .meta({ mandatory: true }),
    capabilities: keyValuePairs('What it can do.'),
    capacity: keyValuePairs('What it holds; quantities in Kubernetes notation.'),
    extensions: Extensions.optional(),
  })
  .meta({ id: 'DeploymentManager', description: 'Manages deployments (DeploymentManagerInfo, O2-IMS TS 3.2).' });

const shared = {
  type: 'DeploymentManagerInfo',
  routes: { list: '/deploymentManagers', get: '/deploymentManagers/{deploymentManagerId}' },
  attributes: asModelled(
    'deploymentManagerId',
    'name',
    'description',
    'oCloudId',
    'serviceUri',
    'supportedLocations',
    'capabilities',
    'capacity',
    'extensions',
  ),
  // capabilities, capacity and supportedLocations are never left out by default (contract 3.2).
  defaultExcluded: ['extensions'],
};

export const DeploymentManager = defineObject({
  name: 'DeploymentManager',
  collection: 'deploymentManagers',
  key: 'deploymentManagerId',
  model,
  relations: {},
  presenters: [
    { api: 'o2ims-infrastructureInventory', major: 'v2', ...shared },
    { api: 'o2ims-infrastructureInventory', major: 'v1', ...shared },
  ],
});
