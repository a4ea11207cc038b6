import { objects } from '#schema/objects.js';
import { getOnly } from '../standard.js';

export const oClouds = [getOnly(objects.OCloud)] as const;
