import { partAfter, type Pool, poolKey, type PoolProvider } from './pool.js';

/** Labels by which clouds and distributions tell the node group. */
export function nodeGroup(labels: readonly string[]): PoolProvider {
  const name = 'node-group';
  const pool = (label: string, value: string): Pool => {
    const key = poolKey(label, value);
    return {
      key,
      name: value,
      description: `Node group ${value} (${label}).`,
      extensions: { provider: name, poolKey: key, label, value },
    };
  };
  const prefixes = labels.map((label) => ({ label, prefix: `${label.replaceAll('/', '_')}.` }));
  return {
    name,
    poolOf(node) {
      for (const label of labels) {
        const value = node.labels[label];
        if (value) return pool(label, value);
      }
      return undefined;
    },
    describe(key) {
      for (const { label, prefix } of prefixes) {
        const value = partAfter(prefix, key);
        if (value !== undefined) return pool(label, value);
      }
      return undefined;
    },
  };
}
