import type { Registry } from '#adapters/registry.js';
import type { Breaker } from '#adapters/kit/guard.js';
import { objectNames } from '#schema/objects.js';
import type { Coverage } from '#subscriptions/coverage.js';
import type { Watching } from '#subscriptions/watching.js';
import { slices } from '../inventory/slices.js';
import type { View } from '../inventory/view.js';
import type { Metrics } from '../platform/metrics.js';

interface Measured {
  readonly metrics: Metrics;
  readonly coverage: Coverage;
  readonly view: View;
  readonly watching: Pick<Watching, 'holds'>;
}

const breakers: Readonly<Record<Breaker, number>> = { closed: 0, 'half-open': 1, open: 2 };

/** Metrics by backend: how current it is and how much it holds, and how calls to it end. */
export function measureBackends({ metrics, coverage, view, watching }: Measured) {
  const writes = metrics.counter('netweave_backend_writes_total', 'Writes to backends by outcome.', [
    'instance',
    'code',
  ]);
  metrics.measuredEach(
    'netweave_backend_state',
    '1 for the state the backend is in: current, partial (some kinds are), stale (none is).',
    ['instance', 'state'],
    () => states(coverage),
  );
  metrics.measuredEach(
    'netweave_backend_age_seconds',
    'Time since the oldest part of the backend was known to be true; 0 when current, absent when never read.',
    ['instance'],
    () => ages(coverage, Date.now()),
  );
  metrics.measuredEach('netweave_backend_objects', 'Objects held of a backend.', ['instance'], () => sizes(view));
  metrics.measuredEach('netweave_backend_watched', '1 when this process watches the backend.', ['instance'], () =>
    coverage.progress().map(({ instance }): Reading => [[instance], watching.holds(instance) ? 1 : 0]),
  );
  return {
    called: (instance: string, code: string) => writes(instance, code).add(),
    /** Begins to measure the breakers of a registry. */
    count: (registry: Registry, instances: readonly string[]) =>
      metrics.measuredEach(
        'netweave_backend_breaker',
        'Breaker in front of the backend: 0 closed, 1 half-open, 2 open.',
        ['instance'],
        () => instances.map((instance) => [[instance], breakers[registry.breaker(instance)]]),
      ),
  };
}

type Reading = readonly [labels: readonly string[], value: number];

function states(coverage: Coverage): Reading[] {
  return coverage.progress().flatMap(({ instance, synced, of }) => {
    const is = synced === of ? 'current' : synced > 0 ? 'partial' : 'stale';
    return ['current', 'partial', 'stale'].map((state): Reading => [[instance, state], state === is ? 1 : 0]);
  });
}

function ages(coverage: Coverage, now: number): Reading[] {
  const gaps = objectNames.flatMap((object) => coverage.gaps(object));
  return coverage.progress().flatMap(({ instance, synced, of }): Reading[] => {
    if (synced === of) return [[[instance], 0]];
    const fresh = gaps.flatMap((gap) => (gap.instance === instance && gap.fresh !== undefined ? [gap.fresh] : []));
    return fresh.length === 0 ? [] : [[[instance], Math.max(0, now - Math.min(...fresh)) / 1000]];
  });
}

async function sizes(view: View): Promise<Reading[]> {
  const bySize = new Map<string, number>();
  const slice = slices();
  for (const object of objectNames) {
    const rows = view.kind(object).unordered;
    for (let at = 0; at < rows.length; at += 1) {
      const row = rows[at];
      if (row) bySize.set(row.instance, (bySize.get(row.instance) ?? 0) + 1);
      if (at % 1024 === 1023 && slice.over()) await slice.pause();
    }
  }
  return Array.from(bySize, ([instance, size]): Reading => [[instance], size]);
}
