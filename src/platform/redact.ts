const hidden = '(redacted)';

const secretName =
  /^(key|.*[-_]key|(proxy-?)?authorization|(set-?)?cookie|.*(token|secret|password|passphrase|credential)s?)$/i;
const secretKey = /[a-z]Key$/;

const authorization = /\b(Bearer|Basic|Negotiate) +[A-Za-z0-9._~+/=-]{4,}/gi;
const userInUrl = /(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/?#"'@]+@/gi;
const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g;

/** Plain data in which everything that is named or shaped like a secret is hidden, at any depth. */
export function redact(value: unknown): unknown {
  if (typeof value === 'string') return redactText(value);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(redact);
  const isSecret = (name: string) => secretName.test(name) || secretKey.test(name);
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, isSecret(name) ? hidden : redact(each)]),
  );
}

/** A text without values of Authorization, users in URLs and private keys. */
function redactText(text: string): string {
  return text.replace(authorization, `$1 ${hidden}`).replace(userInUrl, `$1${hidden}@`).replace(privateKey, hidden);
}
