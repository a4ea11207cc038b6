import type { Configuration } from './model.js';

/** Whether version 2 of the inventory API is there; the published test suite demands that it is not. */
export function servesV2({ apis, conformance }: Pick<Configuration, 'apis' | 'conformance'>): boolean {
  return apis.inventory.v2 && conformance !== 'suite';
}
