import type { Gap } from '#subscriptions/coverage.js';
import { formatPosition, later, origin } from '#schema/position.js';
import type { Answer } from '../operations/operation.js';

/** What the answers of a request say beside their bodies: how complete they are, and up to where they are true. */
export function answerHeaders(answers: readonly Answer[]): Record<string, string> {
  if (answers.length === 0) return {};
  const gaps = answers.flatMap((answer) => answer.gaps);
  const position = answers.reduce((last, answer) => later(last, answer.position), origin);
  return { 'X-Netweave-Position': formatPosition(position), ...gapHeaders(gaps) };
}

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
