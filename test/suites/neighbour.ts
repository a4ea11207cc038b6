import { beforeEach, expect, jest, test } from '@jest/globals';

/** A suite that finds its process as it should be, and leaves in it all that must not reach the next one. */
export function neighbour(name: string): void {
  const found = process.env['LEFT_BY'];
  const hooksOf: string[] = [];
  beforeEach(() => void hooksOf.push(name));

  test(`${name} finds nothing of its neighbour`, async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([found, hooksOf, console.log === undefined]).toEqual([undefined, [name], false]);
  });

  test(`${name} leaves everything`, () => {
    process.env['LEFT_BY'] = name;
    jest.setTimeout(1);
    Object.assign(console, { log: undefined });
  });
}
