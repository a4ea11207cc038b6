// The rings of docs/architecture.md: imports point left only.
const rings = [
  '^schema/',
  '^src/platform/',
  '^adapters/',
  '^subscriptions/',
  '^src/inventory/',
  '^src/access/',
  '^src/operations/',
  '^src/facades/',
  '^src/(gateway/|emit\\.ts)',
  '^src/(cli/|main\\.ts)',
];
const parts = '^(schema|src|adapters|subscriptions)/';
const outward = rings.slice(0, -1).map((from, index) => ({
  name: `ring-${index}`,
  severity: 'error',
  from: { path: from },
  to: { path: rings.slice(index + 1) },
}));
const home = (name, packages, path) => ({
  name: `home-of-${name}`,
  severity: 'error',
  from: { path: parts, pathNot: [path, '\\.test\\.ts$'] },
  to: { path: packages },
});
const ringless = (name, from, to) => ({ name: `ringless-${name}`, severity: 'error', from, to });
module.exports = {
  forbidden: [
    ...outward,
    // A folder that no ring names could import anything, and be imported from anywhere.
    ringless('that-imports', { path: parts, pathNot: rings }, {}),
    ringless('that-is-imported', {}, { path: parts, pathNot: rings }),
    ringless('alone', { path: parts, pathNot: rings, orphan: true }, {}),
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-test-in-product',
      severity: 'error',
      from: { path: parts, pathNot: '\\.test\\.ts$' },
      to: { path: '^(test|bench)/|\\.test\\.ts$' },
    },
    {
      name: 'no-testing-in-product',
      severity: 'error',
      from: { path: parts, pathNot: '\\.test\\.ts$|/testing/' },
      to: { path: '/testing/', pathNot: 'node_modules' },
    },
    {
      name: 'adapters-know-only-their-own-folder',
      severity: 'error',
      from: { path: '^adapters/([^/]+)/', pathNot: '^adapters/kit/' },
      to: { path: '^adapters/[^/]+/', pathNot: '^adapters/($1|kit)/' },
    },
    home('sqlite', '^(node:)?sqlite$', '^src/platform/store/'),
    home('redis', 'node_modules/ioredis/', '^src/platform/store/redis/'),
    home('express', '^node_modules/express/|^express$', '^src/facades/'),
    home('kubernetes-client', 'node_modules/@kubernetes/', '^adapters/kubernetes/'),
    home('transports', 'node_modules/(@apollo/server|@as-integrations|type-graphql|trpc-to-openapi)/', '^src/facades/'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|node_modules)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      conditionNames: ['netweave:source', 'import', 'node', 'default'],
      exportsFields: ['exports'],
    },
  },
};
