import { describe, expect, test } from '@jest/globals';
import { apis } from '#schema/apis.js';
import { allOperations } from '../../operations/operations.js';
import { negotiateVersion } from './headers.js';
import { apiOf, readTarget } from './request.js';
import { routesOf } from './routes.js';

const routes = routesOf(allOperations, () => true);
const inventory = apis.find((api) => api.name === 'o2ims-infrastructureInventory')!;
const read = (url: string, strict: boolean) => readTarget(routes, apiOf(url)!, url, strict);
const pools = '/o2ims-infrastructureInventory/v2/resourcePools';

describe('conformance strict', () => {
  test('refuses a query parameter that O2 does not know, which is ignored otherwise', () => {
    expect(() => read(`${pools}?limit=3`, true)).toThrow(/'limit'/);
    expect(() => read(`${pools}?field=name`, true)).toThrow(/'field' here\. Did you mean 'fields'\?/);
    expect(read(`${pools}?limit=3`, false).kind).toBe('request');
    expect(read(`${pools}?filter=(eq,name,x)&all_fields`, true).kind).toBe('request');
  });

  test('demands the Version header, which is optional otherwise', () => {
    expect(() => negotiateVersion(inventory, 'v2', undefined, true)).toThrow(/Version/);
    expect(negotiateVersion(inventory, 'v2', undefined, false)).toBe('2.0.0');
    expect(negotiateVersion(inventory, 'v2', '2.0.0', true)).toBe('2.0.0');
    expect(negotiateVersion(inventory, 'v2', '3.0.0', true)).toBeUndefined();
  });
});
