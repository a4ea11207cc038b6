import { test } from '@jest/globals';

test('has its process killed', async () => {
  process.kill(process.pid, 'SIGKILL');
  await new Promise(() => undefined);
});
