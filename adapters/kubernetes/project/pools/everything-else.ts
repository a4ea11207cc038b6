import type { Pool, PoolProvider } from './pool.js';

const pool: Pool = {
  key: 'default',
  name: 'default',
  description: 'Nodes that nothing puts into another pool.',
  extensions: { provider: 'default', poolKey: 'default' },
};

/** The last of the chain: it takes every node. */
export const everythingElse: PoolProvider & { poolOf(): Pool } = {
  name: 'default',
  poolOf: () => pool,
  describe: (key) => (key === pool.key ? pool : undefined),
};
