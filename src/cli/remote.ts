import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIPv6 } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import { counted } from '#schema/counted.js';
import { Fault } from '#schema/errors.js';
import { readCertificate } from '../platform/certificate.js';
import type { Configuration } from '../platform/config/model.js';

/** A running gateway, and who we are there. */
export interface Remote {
  readonly url: string;
  readonly token?: string | undefined;
  /** The certificate that the gateway shows, where its configuration says so; what Node trusts when absent. */
  readonly certificate?: string;
  /** Told of each wait for a gateway that asks to come again. */
  waits(message: string): void;
}

/** Who is there, and is asked too much or cannot answer now. */
const passing: ReadonlySet<number> = new Set([429, 503]);
const mostRepeats = 5;
/** Seconds between two attempts, where an answer asks for none, and at most. */
const usualPause = 1;
const longestPause = 30;

/** Longest that one answer may take, milliseconds. */
const patience = 60_000;

/** The gateway at a URL. Throws Fault INVALID for a token file that cannot be read. */
export function remoteAt(url: string, env: NodeJS.ProcessEnv, waits: Remote['waits']): Remote {
  const file = env['NETWEAVE_TOKEN_FILE'];
  return {
    url: url.replace(/\/$/, ''),
    token: file ? contentOf(file, 'token').toString().trim() : env['NETWEAVE_TOKEN'],
    waits,
  };
}

/** The gateway that a configuration makes, on this machine. Throws Fault INVALID where it says of none how to reach it. */
export function remoteOf({ runs, listen, tls }: Configuration, env: NodeJS.ProcessEnv, waits: Remote['waits']): Remote {
  const name = (why: string) => new Fault('INVALID', `${why}: name a gateway with --url.`);
  if (!runs.includes('api')) throw name(`A gateway that runs ${runs.join(', ')} answers no clients`);
  if (listen.port === 0) throw name('Port 0 is another at every start');
  const everywhere = listen.host === '::' ? '::1' : listen.host === '0.0.0.0' ? '127.0.0.1' : listen.host;
  const host = isIPv6(everywhere) ? `[${everywhere}]` : everywhere;
  const remote = remoteAt(`${tls ? 'https' : 'http'}://${host}:${listen.port}`, env, waits);
  return tls ? { ...remote, certificate: readCertificate(tls).cert } : remote;
}

/** The bytes of a file. Throws Fault INVALID that names it. */
export function contentOf(file: string, what: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Fault('INVALID', `The ${what} in ${file} cannot be read (${(error as Error).message}).`, {}, error);
  }
}

/**
 * What a gateway answers to GET, or to POST with a body that may come twice; one that asks to come again is asked some times
 * more. Throws Fault UNAVAILABLE with what to do.
 */
export async function ask<T>(remote: Remote, target: string, body?: object): Promise<T> {
  const { url } = remote;
  const { status, said } = await answered(remote, target, body);
  const answer = jsonIn(said);
  if (status === 200 && answer !== undefined) return answer as T;
  if (status === 200) throw new Fault('UNAVAILABLE', `What answers at ${url} is no netweave. Name another with --url.`);
  throw new Fault(
    'UNAVAILABLE',
    `${url} refused (${status}): ${detailOf(answer) ?? said.slice(0, 200)}${hint(status)}`,
  );
}

async function answered(remote: Remote, target: string, body: object | undefined): Promise<Answer> {
  const { url, waits } = remote;
  for (let left = mostRepeats; ; left -= 1) {
    const answer = await send(remote, target, body).catch((error: unknown) => {
      throw new Fault('UNAVAILABLE', unanswered(url, error as NodeJS.ErrnoException), {}, error);
    });
    if (left === 0 || !passing.has(answer.status)) return answer;
    const pause = pauseFor(answer.retryAfter);
    waits(`${url} cannot answer now (${answer.status}). Asking again in ${pause} s, ${counted(left, 'time')} more.`);
    await sleep(1000 * pause);
  }
}

/** Seconds to wait, by what `Retry-After` says: so many, or until a date. @internal */
export function pauseFor(retryAfter = ''): number {
  const asked = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1000;
  return Number.isNaN(asked) ? usualPause : Math.min(longestPause, Math.max(0, Math.ceil(asked)));
}

interface Answer {
  readonly status: number;
  readonly said: string;
  readonly retryAfter: string | undefined;
}

async function send({ url, token, certificate }: Remote, target: string, body: object | undefined) {
  const whole = new URL(url + target);
  const json = body && Buffer.from(JSON.stringify(body));
  const options: RequestOptions & ConnectionOptions = {
    method: json ? 'POST' : 'GET',
    headers: {
      ...(json && { 'Content-Type': 'application/json', 'Content-Length': json.length }),
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    },
    signal: AbortSignal.timeout(patience),
    ...(certificate !== undefined && onlyWith(certificate)),
  };
  const request = whole.protocol === 'https:' ? httpsRequest(whole, options) : httpRequest(whole, options);
  return new Promise<Answer>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      const { statusCode, headers } = response;
      const answer = (said: string) => resolve({ status: statusCode!, said, retryAfter: headers['retry-after'] });
      text(response).then(answer, reject);
    });
    request.end(json);
  });
}

// On this machine it is called by an address, which its certificate need not name: that it is the very same says more.
function onlyWith(certificate: string): ConnectionOptions {
  const { raw } = new X509Certificate(certificate);
  return {
    ca: certificate,
    allowPartialTrustChain: true,
    checkServerIdentity: (host, shown) => (shown.raw.equals(raw) ? undefined : checkServerIdentity(host, shown)),
  };
}

/** Of OpenSSL's reasons against a certificate, those that another authority would mend (X509_V_ERR_… without the prefix). */
const untrusted = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
]);

function unanswered(url: string, { message, code = '' }: NodeJS.ErrnoException): string {
  if (untrusted.has(code))
    return (
      `What answers at ${url} has a certificate that is not trusted (${message}). Name a file with the certificate of ` +
      `its authority in NODE_EXTRA_CA_CERTS.`
    );
  if (/^CERT_|^ERR_TLS_CERT/.test(code))
    return `What answers at ${url} has a certificate that cannot be accepted (${message}).`;
  return `No gateway answers at ${url} (${message || code}). Start it, or name it with --url.`;
}

function jsonIn(said: string): unknown {
  try {
    return JSON.parse(said);
  } catch {
    return undefined;
  }
}

function detailOf(problem: unknown): string | undefined {
  return (problem as { readonly detail?: string } | null | undefined)?.detail;
}

function hint(status: number): string {
  if (status === 401) return ' Set NETWEAVE_TOKEN or NETWEAVE_TOKEN_FILE to a token with the role admin.';
  return status === 413 ? ' Raise limits.bodyBytes of the gateway.' : '';
}
