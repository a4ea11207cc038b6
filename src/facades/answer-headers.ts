import type { Gap } from '#subscriptions/coverage.js';
import { formatPosition, later, type Position } from '#schema/position.js';
import type { Answer } from '../operations/operation.js';

/** What the answers of a request say beside their bodies: how complete they are, and up to where they are true. */
export function answerHeaders(answers: readonly Answer[]): Record<string, string> {
  if (answers.length === 0) return {};
  const gaps = answers.flatMap((answer) => answer.gaps);
  const position = positionOf(answers);
  return { [positionHeader]: formatPosition(position), ...gapHeaders(gaps) };
}

/** From where everybody sees what was written; where nothing was, up to where all of it is true. */
function positionOf(answers: readonly Answer[]): Position {
  const positions = (some: readonly Answer[]) => some.map(({ position }) => position);
  const written = answers.filter(({ kind }) => kind === 'written');
  if (written.length > 0) return positions(written).reduce(later);
  return positions(answers).reduce((first, each) => (each.seq < first.seq ? each : first));
}

/** Up to where an answer is true. */
export const positionHeader = 'X-Netweave-Position';

/** Names the instances whose part may be missing or old; `Age` is that of the oldest part, what was never read has none. */
export function gapHeaders(gaps: readonly Gap[]): Record<string, string> {
  if (gaps.length === 0) return {};
  const headers: Record<string, string> = {
    'X-Netweave-Incomplete': [...new Set(gaps.map((gap) => gap.instance))].join(', '),
  };
  const fresh = gaps.flatMap((gap) => (gap.fresh === undefined ? [] : [gap.fresh]));
  if (fresh.length > 0) headers['Age'] = String(Math.max(0, Math.floor((Date.now() - Math.min(...fresh)) / 1000)));
  return headers;
}
