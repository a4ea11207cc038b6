import { test } from '@jest/globals';

function spins(): never {
  for (;;);
}

test('gives nothing back', () => spins());
