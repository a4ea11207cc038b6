import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { createSecureContext } from 'node:tls';
import { Fault } from '#schema/errors.js';

/** Paths of a certificate (with its intermediates) and its private key, in PEM. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** A certificate and the key that belongs to it. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly subject: string;
  readonly notAfter: Date;
}

/** Reads both files. Throws UNAVAILABLE, naming the file, when one cannot be read or they do not belong together. */
export function readCertificate(files: CertificateFiles): Certificate {
  const cert = read(files.certificate, 'certificate');
  const key = read(files.key, 'private key');
  const parsed = attempt(`'${files.certificate}' holds no certificate in PEM`, () => new X509Certificate(cert));
  const privateKey = attempt(`'${files.key}' holds no private key in PEM without a passphrase`, () =>
    createPrivateKey(key),
  );
  if (!parsed.checkPrivateKey(privateKey)) {
    throw new Fault(
      'UNAVAILABLE',
      `The private key in '${files.key}' does not belong to the certificate in '${files.certificate}'.`,
    );
  }
  attempt(`The certificate in '${files.certificate}' cannot be used`, () => createSecureContext({ cert, key }));
  return { cert, key, subject: parsed.subject, notAfter: parsed.validToDate };
}

const settled = 300;
const everyMinute = 60_000;

/**
 * Calls back with a new pair when the files have changed and belong together, and with the fault when they do not; the caller
 * goes on with the last good one. Watches the folders, since Kubernetes changes a link beside the files, and looks once a
 * minute besides, for file systems that tell nothing. Returns how to stop.
 */
export function watchCertificate(
  files: CertificateFiles,
  current: Certificate,
  changed: (certificate: Certificate) => void,
  refused: (fault: Error) => void,
): () => void {
  let last = current;
  let complaint = '';
  let timer: NodeJS.Timeout | undefined;
  const look = () => {
    try {
      const next = readCertificate(files);
      complaint = '';
      if (next.cert === last.cert && next.key === last.key) return;
      last = next;
      changed(next);
    } catch (error) {
      const { message } = error as Error;
      if (message !== complaint) refused(error as Error);
      complaint = message;
    }
  };
  // The two files are rarely written at once; a look in between would complain for nothing.
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(look, settled).unref();
  };
  const folders = new Set([dirname(files.certificate), dirname(files.key)]);
  const watchers = [...folders].map((folder) => watch(folder, { persistent: false }, soon).on('error', soon));
  const minute = setInterval(look, everyMinute).unref();
  return () => {
    clearTimeout(timer);
    clearInterval(minute);
    for (const watcher of watchers) watcher.close();
  };
}

function read(file: string, what: string): string {
  return attempt(`The ${what} '${file}' cannot be read`, () => readFileSync(file, 'utf8'));
}

function attempt<T>(failing: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new Fault('UNAVAILABLE', `${failing}: ${(error as Error).message}`, {}, error);
  }
}
