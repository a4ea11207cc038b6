import type { RequestHandler } from 'express';
import { invalid } from '#schema/errors.js';
import { notAllowed, otherMethod } from './methods.js';
import { refuseAs } from './refuse-as.js';

const allowed: readonly string[] = ['GET', 'HEAD', 'POST', 'OPTIONS'];

/** GraphQL and tRPC know these methods of HTTP; what their libraries make of others is not for callers (TRACE breaks one). */
export const getOrPost: RequestHandler = (request, response, next) => {
  if (request.method !== 'OPTIONS' && !allowed.includes(request.method)) {
    const refused = notAllowed(request.method, allowed);
    refuseAs(request, response, invalid(refused.detail), refused);
  } else if (!otherMethod(request, response, allowed)) next();
};
