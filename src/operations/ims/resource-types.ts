import { objects } from '#schema/objects.js';
import { get, list } from '../standard.js';

export const resourceTypes = [list(objects.ResourceType), get(objects.ResourceType)] as const;
