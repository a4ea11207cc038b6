import type { Pool, PoolProvider } from './pool.js';

export const ownLabelName = 'label';

/** Our own label: it wins always. Its value is a key, so it names a pool of another provider as well as one of its own. */
export function ownLabel(label: string, others: readonly PoolProvider[]): PoolProvider {
  const named = (key: string): Pool => ({
    key,
    name: key,
    description: `Nodes whose label ${label} says so.`,
    extensions: { provider: ownLabelName, poolKey: key, label },
  });
  return {
    name: ownLabelName,
    poolOf(node) {
      const key = node.labels[label];
      if (!key) return undefined;
      for (const other of others) {
        const pool = other.describe?.(key);
        if (pool) return pool;
      }
      return named(key);
    },
  };
}
