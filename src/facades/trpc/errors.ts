import { TRPCError, type TRPC_ERROR_CODE_KEY, type TRPCDefaultErrorShape } from '@trpc/server';
import { Fault, invalid, type Code, type ErrorDetail } from '#schema/errors.js';
import { jsonFaultAt } from '../json-fault.js';

/** tRPC's spelling of each code. */
export const trpcCodeOf = {
  INVALID: 'BAD_REQUEST',
  UNPROCESSABLE: 'UNPROCESSABLE_CONTENT',
  TOO_LARGE: 'PAYLOAD_TOO_LARGE',
  UNAUTHENTICATED: 'UNAUTHORIZED',
  FORBIDDEN: 'FORBIDDEN',
  NOT_FOUND: 'NOT_FOUND',
  GONE: 'PRECONDITION_FAILED',
  CONFLICT: 'CONFLICT',
  PRECONDITION_FAILED: 'PRECONDITION_FAILED',
  QUOTA_EXCEEDED: 'TOO_MANY_REQUESTS',
  RATE_LIMITED: 'TOO_MANY_REQUESTS',
  UNSUPPORTED: 'NOT_IMPLEMENTED',
  BACKEND_FAILED: 'BAD_GATEWAY',
  BACKEND_UNAVAILABLE: 'SERVICE_UNAVAILABLE',
  BACKEND_TIMEOUT: 'GATEWAY_TIMEOUT',
  UNAVAILABLE: 'SERVICE_UNAVAILABLE',
  CANCELLED: 'CLIENT_CLOSED_REQUEST',
  INTERNAL: 'INTERNAL_SERVER_ERROR',
} as const satisfies Record<Code, TRPC_ERROR_CODE_KEY>;

/** What tRPC itself refuses before any procedure runs; everything else of its own is INTERNAL. */
const protocolCodes: Partial<Record<TRPC_ERROR_CODE_KEY, Code>> = {
  PARSE_ERROR: 'INVALID',
  BAD_REQUEST: 'INVALID',
  NOT_FOUND: 'NOT_FOUND',
  METHOD_NOT_SUPPORTED: 'INVALID',
  UNSUPPORTED_MEDIA_TYPE: 'INVALID',
  PAYLOAD_TOO_LARGE: 'TOO_LARGE',
  CLIENT_CLOSED_REQUEST: 'CANCELLED',
};

/** `error.data` of a client: the one code of every facade, and what the fault says beside its sentence. */
export interface ErrorData extends ErrorDetail {
  readonly code: Code;
  readonly httpStatus: number;
  readonly path?: string;
}

export interface ErrorShape {
  readonly code: TRPCDefaultErrorShape['code'];
  readonly message: string;
  readonly data: ErrorData;
}

/** A fault as tRPC carries it. */
export function trpcError(fault: Fault): TRPCError {
  return new TRPCError({ code: trpcCodeOf[fault.code], message: fault.message, cause: fault });
}

/** The fault behind an error of tRPC; the message of what nobody foresaw is withheld. `sent`: the input in the URL. */
export function faultOf(error: TRPCError, sent?: string): Fault {
  if (error.cause instanceof Fault) return error.cause;
  const code = protocolCodes[error.code];
  if (code === 'TOO_LARGE') return new Fault(code, 'The request body is too large.');
  if (code && error.cause instanceof SyntaxError)
    return invalid(error.message, 'input', jsonFaultAt(error.message, sent));
  if (code) return new Fault(code, error.message);
  return new Fault('INTERNAL', 'An internal error; the operator finds it in the log by the request id.', {}, error);
}

export function errorShape({
  shape,
  error,
  ctx,
}: {
  readonly shape: TRPCDefaultErrorShape;
  readonly error: TRPCError;
  readonly ctx?: { sentInput(): string | undefined } | undefined;
}): ErrorShape {
  const fault = faultOf(error, ctx?.sentInput());
  const { httpStatus, path } = shape.data;
  return {
    code: shape.code,
    message: fault.message,
    data: { code: fault.code, ...fault.detail, httpStatus, ...(path === undefined ? {} : { path }) },
  };
}
