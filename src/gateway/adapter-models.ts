import { adapters } from '#adapters/index.js';

/** The model of every adapter's options, by type: what a configuration is checked against. */
export const adapterModels = Object.fromEntries(adapters.map(({ type, config }) => [type, config]));
