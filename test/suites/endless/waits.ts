import { test } from '@jest/globals';

await new Promise(() => undefined);

test('is never come to', () => undefined);
