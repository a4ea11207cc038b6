import type { IncomingMessage, ServerResponse } from 'node:http';
import { noteBytes } from './request-id.js';

type Write = (...given: readonly unknown[]) => unknown;

/** Express middleware: notes how long the body is that others write, as it goes to the connection. */
export function countBytes({ method }: IncomingMessage, response: ServerResponse, next: () => void): void {
  if (method === 'HEAD') return next();
  let bytes = 0;
  const counting =
    (write: Write): Write =>
    (chunk, ...rest) => {
      if (typeof chunk === 'string') bytes += Buffer.byteLength(chunk);
      else if (chunk instanceof Uint8Array) bytes += chunk.byteLength;
      noteBytes(response, bytes);
      return write.call(response, chunk, ...rest);
    };
  const { write, end } = response;
  Object.assign(response, { write: counting(write as Write), end: counting(end as Write) });
  next();
}
