import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { world, type World } from '../testing/deliveries.js';
import { kinds } from './documents.js';

let house: World;
beforeEach(async () => {
  house = await world();
});
afterEach(() => house.close());

test('a rotation that another one has overtaken changes nothing, whichever comes to the secret first', async () => {
  const id = await house.subscribe('http://127.0.0.1:1/hook');
  const sealed = async () => (await house.store.get(kinds.secret, id))!.value;
  await house.rewrite(id, { signingSecretId: 'second' });
  const before = await sealed();
  const overtaken = { code: 'CONFLICT', message: expect.stringContaining('rotated again meanwhile') };
  await expect(house.deliveries.rotateSecret(id, 'first', 0)).rejects.toMatchObject(overtaken);
  expect(await sealed()).toEqual(before);
  await house.deliveries.rotateSecret(id, 'second', 0);
  const after = await sealed();
  await expect(house.deliveries.rotateSecret(id, 'first', 0)).rejects.toMatchObject(overtaken);
  expect(await sealed()).toEqual(after);
  await house.remove(id);
  await expect(house.deliveries.rotateSecret(id, 'second', 0)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(await house.store.get(kinds.secret, id)).toBeUndefined();
});
