import { origin } from '#schema/position.js';
import type { Metrics } from '../platform/metrics.js';
import type { Store } from '../platform/store/store.js';

const every = 60_000;

/** When the oldest change that is kept was made, milliseconds since 1970; undefined when there is none. */
async function oldestChange(store: Pick<Store, 'read'>): Promise<number | undefined> {
  const all = await store.read(origin, 1);
  const first = all.outcome === 'read' ? all.changes[0] : all.outcome === 'gone' ? all.oldest : undefined;
  return first && Date.parse(first.at);
}

/**
 * Measures how far back the log reaches: who was away for longer reads everything anew. Looked up once a minute, not on a scrape.
 * Returns how to stop.
 */
export function measureLogAge(store: Store, metrics: Metrics): () => void {
  let oldest: number | undefined;
  const look = () =>
    oldestChange(store).then(
      (at) => (oldest = at),
      () => undefined,
    );
  metrics.measured('netweave_log_age_seconds', 'Age of the oldest change that the log keeps.', () =>
    oldest === undefined ? undefined : Math.max(0, Date.now() - oldest) / 1000,
  );
  void look();
  const timer = setInterval(() => void look(), every).unref();
  return () => clearInterval(timer);
}
