import { objects } from '#schema/objects.js';
import { get, list } from '../standard.js';

export const deploymentManagers = [list(objects.DeploymentManager), get(objects.DeploymentManager)] as const;
