import { timestamp } from '#platform/clock.js';
import { Fault } from '#schema/errors.js';
import { signatureHeaders } from '#platform/outbound/signature.js';
import type { Outcome } from './course.js';
import type { Subscriber } from './deliveries.js';
import type { Attempt } from './documents.js';
import type { Notification } from './matching.js';
import { credentialsFor, missingSecret, signingAt, type SecretsInUse } from './secrets.js';
import type { Posted, Surroundings } from './surroundings.js';

export interface Attempted {
  readonly outcome: Outcome;
  readonly shown: Attempt;
}

type Around = Pick<Surroundings, 'clock' | 'post' | 'userAgent' | 'matching'>;

/** Posts a notification once. Headers of Standard Webhooks; the body is O2's alone. */
export async function attempt(
  { clock, post, userAgent, matching }: Around,
  subscriber: Subscriber,
  { id, body }: Notification,
  { secrets, signal }: { readonly secrets: SecretsInUse; readonly signal: AbortSignal },
): Promise<Attempted> {
  const { value, tenant } = subscriber;
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
      const used = await secrets(subscriber);
      const credentials = credentialsFor(used, subscriber);
      const secretsNow = signingAt(used, subscriber, at).map(({ secret }) => secret);
      if (secretsNow.length === 0) throw missingSecret(subscriber.id);
      const headers = {
        'Content-Type': 'application/json',
        'User-Agent': userAgent,
        ...matching.headers(subscriber),
        ...signatureHeaders({ id, time: at, body, secrets: secretsNow }),
      };
      const url = value['callback'] as string;
      return await post({ url, tenant, headers, body, credentials, signal });
    } catch (error) {
      // A store that is away says nothing of the callback.
      if (error instanceof Fault && error.detail.at === 'store') throw error;
      return { error: error instanceof Error ? error.message : String(error) };
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
