import { firstAtOrAfter, type Block, type Run } from './sorted-rows.js';

/**
 * Of runs, the rows that have `attribute` at `id`. A block remembers them as blocks of their own: a page of a list
 * that holds many parents is then a piece of joined JSON for each block, not for each row.
 */
export function* runsUnder(runs: Iterable<Run>, attribute: string, id: string): Generator<Run> {
  for (const { block, from, to } of runs) {
    const under = blockUnder(block, attribute, id);
    if (!under) continue;
    const begin = from === 0 ? 0 : firstAtOrAfter(under.rows, block.rows[from]!.id);
    const end = to === block.rows.length ? under.rows.length : firstAtOrAfter(under.rows, block.rows[to]!.id);
    if (end > begin) yield { block: under, from: begin, to: end };
  }
}

function blockUnder(block: Block, attribute: string, id: string): Block | undefined {
  if (block.under?.attribute !== attribute) block.under = { attribute, blocks: grouped(block, attribute) };
  return block.under.blocks.get(id);
}

function grouped(block: Block, attribute: string): ReadonlyMap<unknown, Block> {
  const groups = Map.groupBy(block.rows, ({ value }) => value[attribute]);
  if (groups.size === 1) return new Map([[groups.keys().next().value, block]]);
  return new Map([...groups].map(([under, rows]) => [under, { rows }]));
}
