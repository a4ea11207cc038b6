import type { Interest, Violation } from './checker.js';
import { factOf, type Receipt } from './receipt.js';

/**
 * What a strict subscription was told out of turn: something new while its receiver had not taken what came before. A repeat
 * of what it took is none of that: who was paused while he posted does so when he wakes up.
 */
export function skips(subscription: string, receipts: readonly Receipt[]): readonly Violation[] {
  const violations: Violation[] = [];
  const seen = new Set<string>();
  const open = new Map<string, Receipt>();
  for (const receipt of receipts) {
    const fact = factOf(receipt);
    if (!seen.has(fact) && open.size > 0) {
      const [before] = open.keys();
      const { object = 'nothing of ours' } = receipt;
      violations.push({ rule: 'skipped', subscription, object, detail: `'${fact}' came before '${before}' was taken` });
      open.clear();
    }
    if (receipt.taken) open.delete(fact);
    else if (!seen.has(fact)) open.set(fact, receipt);
    seen.add(fact);
  }
  return violations;
}

/** Strict subscriptions are told in the one order of the log: what two of them have in common, came to both alike. */
export function divergences(interests: readonly Interest[], receipts: readonly Receipt[]): readonly Violation[] {
  const strict = interests.filter(({ ordering }) => ordering === 'strict');
  const orders = strict.map(({ name }) => {
    const own = receipts.filter(({ subscription }) => subscription === name);
    return { name, facts: [...new Set(own.map(factOf))] };
  });
  return orders.flatMap((one, index) => orders.slice(index + 1).flatMap((other) => divergence(one, other)));
}

interface Order {
  readonly name: string;
  readonly facts: readonly string[];
}

function divergence(one: Order, other: Order): readonly Violation[] {
  const common = (facts: readonly string[], others: ReadonlySet<string>) => facts.filter((fact) => others.has(fact));
  const [here, there] = [common(one.facts, new Set(other.facts)), common(other.facts, new Set(one.facts))];
  const at = here.findIndex((fact, index) => fact !== there[index]);
  if (at < 0) return [];
  const detail = `after ${at} alike: '${here[at]}' here, '${there[at]}' for ${other.name}`;
  return [{ rule: 'diverged', subscription: one.name, object: here[at]!.split(' ', 1)[0]!, detail }];
}
