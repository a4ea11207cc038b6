import { Fault } from '#schema/errors.js';
import { timestamp } from '#platform/clock.js';
import type { Outcome } from './course.js';
import type { Subscriber } from './deliveries.js';
import type { Attempt } from './documents.js';
import type { Notification } from './matching.js';
import { signingAt, type Secrets } from './secrets.js';
import type { Posted, Surroundings } from './surroundings.js';

/** Longest a callback may take to answer. */
const longest = 15_000;

export interface Attempted {
  readonly outcome: Outcome;
  readonly shown: Attempt;
}

type Around = Pick<Surroundings, 'clock' | 'outbound' | 'userAgent'>;

/** Posts a notification once. Headers of Standard Webhooks; the body is O2's alone. */
export async function attempt(
  { clock, outbound, userAgent }: Around,
  { value, tenant }: Subscriber,
  { id, body }: Notification,
  { secrets, signal }: { readonly secrets: () => Promise<Secrets>; readonly signal: AbortSignal },
): Promise<Attempted> {
  const at = clock.now();
  const began = performance.now();
  const posted = await postOnce();
  const milliseconds = Math.round((performance.now() - began) * 10) / 10;
  const outcome = outcomeOf(posted);
  const shown = {
    at: timestamp(at),
    milliseconds,
    ...('status' in posted && { status: posted.status }),
    ...(outcome.result !== 'delivered' && { error: outcome.error }),
  };
  return { outcome, shown };

  async function postOnce(): Promise<Posted> {
    try {
      const used = await secrets();
      const seconds = Math.floor(at / 1000);
      const headers = {
        'Content-Type': 'application/json',
        'User-Agent': userAgent,
        'webhook-id': id,
        'webhook-timestamp': String(seconds),
        'webhook-signature': outbound.sign(signingAt(used, at), id, seconds, body),
      };
      return await outbound.post({
        url: value['callback'] as string,
        tenant,
        headers,
        body,
        credentials: used.credentials,
        signal: AbortSignal.any([signal, AbortSignal.timeout(longest)]),
      });
    } catch (error) {
      return { error: error instanceof Fault || error instanceof Error ? error.message : String(error) };
    }
  }
}

function outcomeOf(posted: Posted): Outcome {
  if ('error' in posted) return { result: 'failed', error: posted.error };
  const { status, retryAfter } = posted;
  if (status >= 200 && status < 300) return { result: 'delivered', status };
  if (status === 410) return { result: 'gone', status, error: 'The callback answered 410 (Gone): it wants no more.' };
  const moved = status >= 300 && status < 400 ? '; redirects are not followed' : '';
  return {
    result: 'failed',
    status,
    error: `The callback answered ${status}${moved}.`,
    ...(retryAfter !== undefined && { retryAfter }),
  };
}
