// What a suite gets from '@jest/globals'. Exports are live: helpers that were loaded with an earlier suite see the
// framework of the one that runs.
export let afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test;

/** Sets what the next suite gets. */
export function offer(framework) {
  ({ afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test } = framework);
}

/** The only thing of `jest` there is: no mocks, and Node's own `mock.timers` where time is the subject. */
export const jest = {
  setTimeout(ms) {
    globalThis[Symbol.for('TEST_TIMEOUT_SYMBOL')] = ms;
  },
};
