import type { TRPCLink } from '@trpc/client';
import { observable } from '@trpc/server/observable';
import type { Router } from './router.js';

/** Member of a subscription's input: that its place in the log is told too (as `null`) when nothing of it changed. */
export const placesWanted = 'places';

/**
 * Asks for the places, so that also who was told nothing yet, or nothing for long, resumes where it was; and keeps them to
 * itself: `httpSubscriptionLink` behind it has noted their ids.
 */
export const withPlaces: TRPCLink<Router> =
  () =>
  ({ op, next }) =>
    observable((observer) =>
      next({ ...op, input: { ...(op.input as object | undefined), [placesWanted]: true } }).subscribe({
        next(value) {
          const { result } = value;
          if ('data' in result && (result.data as { readonly data: unknown }).data === null) return;
          observer.next(value);
        },
        error: (error) => observer.error(error),
        complete: () => observer.complete(),
      }),
    );
