import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { majors } from './attributes.js';
import { base, fill, openGolden, type Golden } from './client.js';
import { errors, problemFaults } from './problems.js';
import { spellings } from './routes.js';

let golden: Golden;
beforeAll(async () => {
  golden = await openGolden();
});
afterAll(() => golden.close());

const families = majors.flatMap((major) => spellings.map((spelling) => ({ prefix: base(major, spelling) })));

describe.each(families)('ProblemDetails of $prefix', ({ prefix }) => {
  test.each(errors)('§4, §0.5 $status for $why: $path', async ({ path, status, method, headers }) => {
    const ask = { ...(method === undefined ? {} : { method }), ...(headers === undefined ? {} : { headers }) };
    const reply = await golden.send(prefix + fill(path, golden.ids), ask);
    expect(problemFaults(reply, status)).toEqual([]);
  });
});
