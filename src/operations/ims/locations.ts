import { objects } from '#schema/objects.js';
import { get, list } from '../standard.js';

export const locations = [list(objects.Location), get(objects.Location)] as const;
