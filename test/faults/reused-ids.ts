import type { Violation } from './checker.js';
import { factOf, type Receipt } from './receipt.js';

/** Ids under which one subscription was told different things: who knows repeats by their id drops the second of them. */
export function reuses(subscription: string, receipts: readonly Receipt[]): readonly Violation[] {
  const violations: Violation[] = [];
  const facts = new Map<string, string>();
  for (const receipt of receipts) {
    const { id, object = 'nothing of ours' } = receipt;
    const fact = factOf(receipt);
    const before = facts.get(id);
    if (before === undefined) facts.set(id, fact);
    else if (before !== fact)
      violations.push({ rule: 'reused id', subscription, object, detail: `${id} was '${before}', then '${fact}'` });
  }
  return violations;
}
