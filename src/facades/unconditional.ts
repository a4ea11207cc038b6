import type { RequestHandler } from 'express';
import { Fault } from '#schema/errors.js';
import { refuseAs } from './refuse-as.js';

/**
 * GraphQL and tRPC write many objects in one request, and none that the URL names: a state that it is to be in is refused there,
 * because a write that is done as if none had been named may undo what another one did. `*` names none.
 */
export const unconditional: RequestHandler = (request, response, next) => {
  const asked = request.headers['if-match'];
  if (request.method !== 'POST' || asked === undefined || asked.trim() === '*') return next();
  refuseAs(request, response, refused);
};

const refused = new Fault(
  'PRECONDITION_FAILED',
  'Nothing was done: what is written here is in no state that If-Match could name. /netweave/v1 takes it.',
  { at: 'If-Match', position: 0 },
);
