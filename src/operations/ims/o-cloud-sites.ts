import { objects } from '#schema/objects.js';
import { get, list } from '../standard.js';

export const oCloudSites = [list(objects.OCloudSite), get(objects.OCloudSite)] as const;
