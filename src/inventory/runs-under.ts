import type { Block, Run } from './sorted-rows.js';

/**
 * Of runs, the parts whose rows have `attribute` at `id`. A block remembers what its rows have there: a page of 100 then touches
 * none of its rows, which lie scattered in memory, but their joined JSON alone.
 */
export function* runsUnder(runs: Iterable<Run>, attribute: string, id: string): Generator<Run> {
  for (const { block, from, to } of runs) {
    const parents = parentsOf(block, attribute);
    for (let begin = from; begin < to; begin += 1) {
      let end = begin;
      while (end < to && parents[end] === id) end += 1;
      if (end > begin) yield { block, from: begin, to: end };
      begin = end;
    }
  }
}

function parentsOf(block: Block, attribute: string): readonly unknown[] {
  return (block.parents ??= block.rows.map(({ value }) => value[attribute]));
}
