import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Fault } from '#schema/errors.js';
import { isLoopback } from '../platform/loopback.js';
import { originAllowed, type Cors } from './cors.js';

/** Says why a request is not let in; undefined when it is. */
export type Refuses = (request: IncomingMessage) => Fault | undefined;

interface Parts {
  readonly publicUrl: string;
  readonly cors: Cors;
}

const reading: readonly (string | undefined)[] = ['GET', 'HEAD', 'OPTIONS'];

/**
 * For a gateway that lets everybody in: a page that a browser of this machine has open is not everybody. It could come under a
 * name of its own that leads here (DNS rebinding), or write without reading the answer.
 */
export function foreignPages({ publicUrl, cors }: Parts): Refuses {
  const own = new URL(publicUrl);
  const foreign = foreignOriginOf({ publicUrl, cors });
  let lastOwn: string | undefined;
  return ({ method, headers: { host, origin } }) => {
    if (host !== undefined && host !== lastOwn) {
      const name = /^(\[[^\]]*\]|[^:]*)(:\d*)?$/.exec(host)?.[1]?.toLowerCase();
      if (name === undefined || !(isLoopback(name) || name === own.hostname)) return foreignHost(host);
      lastOwn = host;
    }
    return origin === undefined || reading.includes(method) ? undefined : foreign({ headers: { host, origin } });
  };
}

/** Says why a page of this origin may not write, or hold a connection. */
export function foreignOriginOf({ publicUrl, cors }: Parts) {
  const own = new URL(publicUrl);
  return ({ headers: { host, origin } }: { readonly headers: Pick<IncomingHttpHeaders, 'host' | 'origin'> }) => {
    if (origin === undefined || origin === own.origin || originAllowed(cors, origin)) return undefined;
    const same = URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
    return same ? undefined : foreignOrigin(origin);
  };
}

function foreignHost(host: string): Fault {
  const how = 'set publicUrl to the URL that clients use, or configure tokens';
  const message = `Without tokens only this machine's own names are answered, and '${host}' is none of them: ${how}.`;
  return new Fault('FORBIDDEN', message, { at: 'Host' });
}

function foreignOrigin(origin: string): Fault {
  const message = `Pages of other origins may not do this, and '${origin}' is another: add it to cors.origins.`;
  return new Fault('FORBIDDEN', message, { at: 'Origin' });
}
