import type { SlimNode } from '../../natives/node.js';
import { everythingElse } from './everything-else.js';
import { nodeGroup } from './node-group.js';
import { ownLabel } from './own-label.js';
import type { Pool, PoolKind, PoolProvider } from './pool.js';
import { zoneRole } from './zone-role.js';

export interface ChainOptions {
  readonly poolLabel: string;
  readonly nodeGroupLabels: readonly string[];
}

/** Which pool a node is in: always exactly one. */
export interface PoolChain {
  poolOf(node: SlimNode): Pool;
  /** The pool it would be in without our own label. */
  withoutLabel(node: SlimNode): Pool;
  readonly kinds: readonly PoolKind[];
}

/**
 * The own label first, then what distributions say, then what can be derived. A provider that comes to know a cluster better
 * (from custom resources) takes its place in `told`: keys name their provider, so those of the others stay what they are.
 */
export function createChain(options: ChainOptions, told: readonly PoolProvider[] = []): PoolChain {
  const others = [...told, nodeGroup(options.nodeGroupLabels), zoneRole()];
  const own = ownLabel(options.poolLabel, [...others, everythingElse]);
  const withoutLabel = (node: SlimNode): Pool => {
    for (const provider of others) {
      const pool = provider.poolOf(node);
      if (pool) return pool;
    }
    return everythingElse.poolOf();
  };
  return {
    poolOf: (node) => own.poolOf(node) ?? withoutLabel(node),
    withoutLabel,
    kinds: told.flatMap(({ kinds = [] }) => kinds),
  };
}
