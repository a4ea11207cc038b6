import { types } from 'node:util';
import { Fault } from '#schema/errors.js';

/** First word of what Redis answers, and what a person can do about it. */
const remedies: Readonly<Record<string, string>> = {
  NOAUTH: 'demands a password. Set store.redis.password or store.redis.passwordFile.',
  WRONGPASS: 'does not accept the user name and password. Correct store.redis.username and store.redis.password.',
  NOPERM:
    'forbids a command to this user. Give it the keys and channels under store.redis.keyPrefix, and +@all -@dangerous +info.',
  OOM: 'is full: it has reached its maxmemory. Raise maxmemory, or shorten logBudget.',
  READONLY: 'is a read-only replica. Name the primary, or let store.redis.sentinels find it.',
  NOREPLICAS: 'takes no writes because too few replicas follow it (min-replicas-to-write). Bring replicas back.',
  MISCONF: 'takes no writes because it cannot save to its disk. Look into its log.',
  LOADING: 'is still reading its data from disk. Wait.',
  MASTERDOWN: 'is a replica that has lost its primary. Wait for the failover.',
  WRONGTYPE: 'holds keys of another program under this prefix. Choose another store.redis.keyPrefix.',
  UNKNOWN: 'lacks a command. netweave needs Redis 6.2 or newer.',
};

/** Seconds after which a repeat may succeed: about what a restart takes. */
const retryAfter = 2;

export function refused(name: string, remedy: string, cause?: unknown): Fault {
  return new Fault('UNAVAILABLE', `The Redis store ${name} ${remedy}`, { at: 'store', retryAfter }, cause);
}

export function closed(name: string): Fault {
  return refused(name, 'is closed: the gateway is shutting down.');
}

/** Without a cause: it stays so. What else is gone with the head, nothing tells. */
export function lostState(name: string): Fault {
  const what = 'has lost state: its log goes on beyond its head, as when keys were evicted or deleted';
  const todo = 'Stop all gateways, start them with an empty store.redis.keyPrefix, and restore a backup';
  return refused(name, `${what}. ${todo}.`);
}

export function unreachable(name: string, cause?: unknown): Fault {
  const why = types.isNativeError(cause) ? reason(cause) : undefined;
  if (why !== undefined) return refused(name, why, cause);
  const known = cause ?? new Error('no answer');
  const said = types.isNativeError(known) && known.message !== '' ? ` (${known.message})` : '';
  return refused(name, `cannot be reached${said}. Check that it runs, and what store.redis says of it.`, known);
}

// Sentinels' refusals come inside a message of ioredis.
const hopelessWords = /(^|Last error: )(NOAUTH|WRONGPASS|NOPERM|WRONGTYPE|ERR unknown command)\b/;
/** Codes of TLS: a certificate that is not trusted, a server that speaks something else. */
const hopelessCodes = /^ERR_(TLS|SSL)_|CERT|^UNABLE_TO_/;

/** Whether another attempt to connect would end in the same way. */
export function isHopeless(error: unknown): boolean {
  if (!types.isNativeError(error)) return false;
  const { code = '' } = error as { code?: string };
  return hopelessWords.test(error.message) || hopelessCodes.test(code);
}

/** Whether a refusal may end by itself. One without a cause is our own judgement of the server, which stays. */
export function mayPass({ cause }: Fault): boolean {
  return cause !== undefined && !isHopeless(cause);
}

const timedOut = 'Command timed out';

/** Whether the server said nothing, for as long as it may take. */
export function unanswered(error: unknown): boolean {
  return error instanceof Fault && (error.cause as Error | undefined)?.message === timedOut;
}

/** Turns whatever a call of Redis threw into a Fault that names the fix; faults of our own stay as they are. */
export function explain(name: string, error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (!types.isNativeError(error)) return refused(name, 'failed.', error);
  if (error.message.includes('XADD is equal or smaller than')) return lostState(name);
  const remedy = reason(error);
  if (remedy !== undefined) return refused(name, remedy, error);
  if (error.name === 'ReplyError') return refused(name, `failed: ${error.message}`, error);
  if (error.message === timedOut)
    return refused(name, 'did not answer in time; what was asked may have been done. Ask again later.', error);
  if (/max retries per request|connection is closed|connection close|socket timeout/i.test(error.message))
    return refused(name, 'was lost before it answered; what was asked may have been done. Ask again later.', error);
  return unreachable(name, error);
}

// Redis 6 wraps what a call in a script answered; the word is in it all the same.
const words = new RegExp(`\\b(${Object.keys(remedies).join('|')})\\b|ERR unknown command`);

function reason({ message }: Error): string | undefined {
  const found = words.exec(message);
  return found ? remedies[found[1] ?? 'UNKNOWN'] : undefined;
}
