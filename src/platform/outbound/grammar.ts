import { isIP } from 'node:net';
import { invalid } from '#schema/errors.js';
import { canonical } from './address.js';

const longest = 2048;

/** A URL we may be told to call, taken apart. */
export interface Target {
  readonly url: URL;
  readonly secure: boolean;
  /** The name, in lower case, or the address without brackets in its one spelling. */
  readonly host: string;
  /** Whether `host` is an address. */
  readonly literal: boolean;
  readonly port: number;
}

/**
 * Takes a callback URL apart. Spellings of addresses that the WHATWG parser knows (octal, hexadecimal, short) become plain
 * ones, so that the policy judges what would be called. Throws INVALID at `callback`.
 */
export function parseTarget(text: string): Target {
  if (text.length > longest) throw refused(`is longer than ${longest} characters`);
  // RFC 3986: what the parser would silently drop or rewrite is how one URL gets read in two ways.
  const strange = /[^\x21-\x7e]|[\\"<>^`{|}]/.exec(text);
  if (strange) throw refused('may hold only the characters of a URI (RFC 3986); encode others', strange.index);
  const authority = /^(https?):\/\/([^/?#]+)/i.exec(text)?.[2];
  if (authority === undefined) throw refused('needs the form https://host/path');
  if (authority.includes('@'))
    throw refused('may not hold a user or password; set the credentials of the subscription');
  if (text.includes('#')) throw refused('may not hold a fragment (#)', text.indexOf('#'));
  if (authority.includes('%')) throw refused('may not hold an encoded host');
  if (!URL.canParse(text)) throw refused('has a host or port that cannot be read');
  const url = new URL(text);
  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  if (port === 0) throw refused('needs a port from 1 to 65535');
  const bare = url.hostname.replace(/^\[|\]$/g, '');
  const literal = isIP(bare) !== 0;
  if (!literal && !isName(bare))
    throw refused('needs a host name of letters, digits and dashes, without a dot at its end');
  return { url, secure, host: literal ? canonical(bare)! : bare, literal, port };
}

const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** A host name in lower case whose last label is no number (RFC 1123, with the underscores that names in clusters have). */
export function isName(text: string): boolean {
  const labels = text.split('.');
  return text.length <= 253 && labels.every((each) => label.test(each)) && !/^\d+$/.test(labels.at(-1)!);
}

function refused(what: string, position?: number) {
  return invalid(`The callback ${what}.`, 'callback', position);
}
