import { test } from '@jest/globals';

test('leaves a rejection that nobody hears', async () => {
  void Promise.reject(new Error('Nobody hears this.'));
  await new Promise((resolve) => setTimeout(resolve, 50));
});
