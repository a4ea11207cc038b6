import type { IncomingMessage } from 'node:http';
import { Fault, invalid } from '#schema/errors.js';
import { refuseDeep } from '../nesting.js';

/** The JSON object in a request's body. Throws TOO_LARGE, or INVALID with the position of the fault. */
export async function jsonBody(request: IncomingMessage, limit: number): Promise<Readonly<Record<string, unknown>>> {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  const body = parsed(Buffer.concat(chunks).toString());
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw invalid('The body must be a JSON object.', 'body', 0);
  refuseDeep(body, 'The body nests', 'body');
  return body as Readonly<Record<string, unknown>>;
}

function tooLarge(limit: number): Fault {
  return new Fault('TOO_LARGE', `The body is larger than ${limit} bytes.`, { at: 'body' });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const { message } = error as Error;
    const position = /position (\d+)/.exec(message)?.[1];
    throw invalid(`The body is not JSON: ${message}.`, 'body', position === undefined ? text.length : Number(position));
  }
}
