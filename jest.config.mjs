const suites = {
  unit: {
    testMatch: ['<rootDir>/dist/**/*.test.js'],
    testPathIgnorePatterns: ['/node_modules/', '/dist/test/peers/', '/dist/test/browser/'],
  },
  browser: { testMatch: ['<rootDir>/dist/test/browser/**/*.test.js'] },
  peers: { testMatch: ['<rootDir>/dist/test/peers/**/*.test.js'] },
};
const suite = process.env.NETWEAVE_TEST_SUITE ?? 'unit';

// Tests are compiled by tsc like the product: what runs is what ships.
export default {
  rootDir: import.meta.dirname,
  ...suites[suite],
  transform: {},
  testTimeout: suite === 'unit' ? 20_000 : 180_000,
  maxWorkers: suite === 'unit' ? 2 : 1,
  reporters: ['default', '<rootDir>/scripts/closing-line.mjs'],
  modulePathIgnorePatterns: ['<rootDir>/.netweave/'],
};
