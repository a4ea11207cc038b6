import { type Code, Fault } from '#schema/errors.js';
import { ApiFault } from './reflector/fault.js';
import { reasonOf } from './reflector/health.js';

const codes: Readonly<Record<number, Code>> = {
  404: 'NOT_FOUND',
  408: 'BACKEND_TIMEOUT',
  409: 'CONFLICT',
  422: 'UNPROCESSABLE',
  429: 'BACKEND_UNAVAILABLE',
  503: 'BACKEND_UNAVAILABLE',
  504: 'BACKEND_TIMEOUT',
};

/** What a caller is told when the API server refused a write or was not reached. */
export function asFault(fault: unknown, what: string, signal: AbortSignal): Fault {
  if (fault instanceof Fault) return fault;
  if (signal.aborted) {
    const late = (signal.reason as Error | undefined)?.name === 'TimeoutError';
    return new Fault(
      late ? 'BACKEND_TIMEOUT' : 'CANCELLED',
      `Writing ${what} was given up${late ? ': no answer in time' : ''}.`,
    );
  }
  if (!(fault instanceof ApiFault)) {
    return new Fault(
      'BACKEND_UNAVAILABLE',
      `The cluster was not reached to write ${what}: ${reasonOf(fault)}`,
      { retryAfter: 5 },
      fault,
    );
  }
  // The gateway lacks the right or the credentials, not the caller.
  const missing = fault.status === 401 || fault.status === 403 ? ' Give the gateway the rules of rbac.yaml.' : '';
  const detail = fault.retryAfter === undefined ? {} : { retryAfter: fault.retryAfter };
  return new Fault(
    codes[fault.status] ?? 'BACKEND_FAILED',
    `The cluster refused to write ${what}: ${fault.message}${missing}`,
    detail,
    fault,
  );
}
