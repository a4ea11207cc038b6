/** Kubernetes' own answer when it refuses: the `Status` object of its API. */
export interface ApiStatus {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly retryAfterSeconds?: number; readonly causes?: readonly { readonly reason?: string }[] };
}

/** The API server answered with an error, as HTTP status or inside a watch. */
export class ApiFault extends Error {
  /** HTTP status. */
  readonly status: number;
  /** Kubernetes' word for it (`Expired`, `Forbidden` …); empty when it gave none. */
  readonly reason: string;
  /** Seconds. */
  readonly retryAfter: number | undefined;
  /** Reasons of the single causes (`ResourceVersionTooLarge` …). */
  readonly causes: readonly string[];

  constructor(status: ApiStatus, retryAfter: number | undefined = status.details?.retryAfterSeconds) {
    super(status.message || status.reason || `HTTP status ${status.code}`);
    this.name = 'ApiFault';
    this.status = status.code ?? 0;
    this.reason = status.reason ?? '';
    this.retryAfter = retryAfter;
    this.causes = (status.details?.causes ?? []).flatMap(({ reason }) => (reason ? [reason] : []));
  }
}

/** What the watch brought cannot follow on what we hold: the cluster was restored from an older state. */
export class HistoryWentBack extends Error {}

/** Whether the place in the watch is of no use any more, so that only a full list helps. */
export function placeIsLost(fault: unknown): boolean {
  if (fault instanceof HistoryWentBack) return true;
  if (!(fault instanceof ApiFault)) return false;
  return fault.status === 410 || fault.reason === 'Expired' || fault.causes.includes('ResourceVersionTooLarge');
}

/** Whether the kind cannot be read however often we ask: no permission, or no such API. */
export function isWithheld(fault: unknown): boolean {
  return fault instanceof ApiFault && (fault.status === 403 || fault.status === 404);
}

/** Whether a server that does not stream initial lists has said so (it validates the query: 422, in some proxies 400). */
export function refusesStreaming(fault: unknown): boolean {
  return fault instanceof ApiFault && (fault.status === 400 || fault.status === 422);
}
