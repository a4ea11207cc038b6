import type { RequestHandler } from 'express';
import { Fault } from '#schema/errors.js';

/** Refuses what says itself that it is too large; what reads bodies would read it to its end before it says so. */
export function refuseLarge(limit: number): RequestHandler {
  return ({ headers }, response, next) => {
    if (Number(headers['content-length'] ?? 0) <= limit) return next();
    response.setHeader('Connection', 'close');
    next(new Fault('TOO_LARGE', `The body is larger than ${limit} bytes.`, { at: 'body' }));
  };
}
