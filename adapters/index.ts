import type { Adapter } from './contract.js';
import { kubernetes } from './kubernetes/index.js';
import { simulator } from './simulator/index.js';

/** Every kind of backend: one line each. */
export const adapters: readonly Adapter[] = [kubernetes, simulator];
