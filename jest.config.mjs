const suites = {
  unit: {
    testMatch: ['<rootDir>/dist/**/*.test.js'],
    testPathIgnorePatterns: ['/node_modules/', '/dist/test/peers/', '/dist/test/browser/'],
  },
  browser: { testMatch: ['<rootDir>/dist/test/browser/**/*.test.js'] },
  peers: { testMatch: ['<rootDir>/dist/test/peers/**/*.test.js'] },
};
const suite = process.env.NETWEAVE_TEST_SUITE ?? 'unit';

// Suites open a store again that they have closed; older ones keep it locked for as long as the process lives.
if (Number.parseInt(process.versions.node) < 24)
  throw new Error(`The tests need Node >= 24; this is ${process.version}.`);

// Tests are compiled by tsc like the product, and loaded by Node like the product: what runs is what ships.
export default {
  rootDir: import.meta.dirname,
  ...suites[suite],
  transform: {},
  runtime: '<rootDir>/scripts/suites/runtime.mjs',
  testEnvironment: '<rootDir>/scripts/suites/environment.mjs',
  testTimeout: suite === 'unit' ? 20_000 : 180_000,
  // Suites wait about half of their time: three of them keep two processors busy.
  maxWorkers: suite === 'unit' ? 3 : 1,
  // What a suite left open, a socket say, would keep a process of its own for ever after the last result.
  forceExit: true,
  reporters: ['default', '<rootDir>/scripts/closing-line.mjs'],
  modulePathIgnorePatterns: ['<rootDir>/.netweave/'],
};
