import { afterAll, describe, expect, test } from '@jest/globals';
import { createMetrics, requestBuckets } from './metrics.js';

const open: { close(): void }[] = [];
afterAll(() => open.forEach((metrics) => metrics.close()));

function create() {
  const metrics = createMetrics();
  open.push(metrics);
  const linesOf = async (name: string) => (await metrics.text()).split('\n').filter((line) => line.includes(name));
  return { metrics, linesOf };
}

describe('metrics', () => {
  test('count', async () => {
    const { metrics, linesOf } = create();
    const requests = metrics.counter('netweave_requests_total', 'Requests.', ['route', 'status']);
    requests('GET /a', '2xx').add();
    requests('GET /a', '2xx').add(2);
    requests('GET /"b"\n', '5xx').add();
    expect(await linesOf('netweave_requests')).toEqual([
      '# HELP netweave_requests_total Requests.',
      '# TYPE netweave_requests_total counter',
      'netweave_requests_total{route="GET /a",status="2xx"} 3',
      'netweave_requests_total{route="GET /\\"b\\"\\n",status="5xx"} 1',
    ]);
  });

  test('without labels start at zero', async () => {
    const { metrics, linesOf } = create();
    const dropped = metrics.counter('netweave_dropped_total', 'Dropped.')();
    expect((await linesOf('netweave_dropped')).at(-1)).toBe('netweave_dropped_total 0');
    dropped.add();
    expect((await linesOf('netweave_dropped')).at(-1)).toBe('netweave_dropped_total 1');
  });

  test('go up and down', async () => {
    const { metrics, linesOf } = create();
    const inFlight = metrics.gauge('netweave_in_flight', 'Requests in flight.')();
    inFlight.add(3);
    inFlight.add(-1);
    expect((await linesOf('netweave_in_flight')).at(-1)).toBe('netweave_in_flight 2');
    inFlight.set(7);
    expect((await linesOf('netweave_in_flight')).at(-1)).toBe('netweave_in_flight 7');
  });

  test('spread over buckets, each with all below it', async () => {
    const { metrics, linesOf } = create();
    const spread = metrics.histogram('netweave_seconds', 'Time.', [0.1, 1], ['route'])('a');
    for (const seconds of [0.05, 0.1, 0.5, 1, 3]) spread.observe(seconds);
    expect(await linesOf('netweave_seconds')).toEqual([
      '# HELP netweave_seconds Time.',
      '# TYPE netweave_seconds histogram',
      'netweave_seconds_bucket{route="a",le="0.1"} 2',
      'netweave_seconds_bucket{route="a",le="1"} 4',
      'netweave_seconds_bucket{route="a",le="+Inf"} 5',
      'netweave_seconds_sum{route="a"} 4.65',
      'netweave_seconds_count{route="a"} 5',
    ]);
  });

  test('are read when they are scraped, or left out', async () => {
    const { metrics, linesOf } = create();
    const read: { value?: number } = {};
    metrics.measured('netweave_certificate_not_after_seconds', 'Expiry.', () => read.value);
    expect(await linesOf('netweave_certificate_not_after_seconds')).toHaveLength(2);
    read.value = 5;
    expect((await linesOf('netweave_certificate_not_after_seconds')).at(-1)).toBe(
      'netweave_certificate_not_after_seconds 5',
    );
  });

  test('cannot be filled up by a label that never ends', async () => {
    const { metrics, linesOf } = create();
    const requests = metrics.counter('netweave_requests_total', 'Requests.', ['path']);
    for (let at = 0; at < 5000; at++) requests(`/${at}`).add();
    const lines = await linesOf('netweave_requests_total{');
    expect(lines).toHaveLength(1001);
    expect(lines.at(-1)).toBe('netweave_requests_total{path="other"} 4000');
  });

  test('refuse a name twice, and a wrong number of labels', () => {
    const { metrics } = create();
    const requests = metrics.counter('netweave_requests_total', 'Requests.', ['route', 'status']);
    expect(() => metrics.gauge('netweave_requests_total', 'Again.')).toThrow(/already been registered/);
    expect(() => requests('a')).toThrow('netweave_requests_total has the labels route, status; 1 were given.');
  });

  test('of the process are there, once, beside those of each gateway', async () => {
    const [first, second] = [create(), create()];
    first.metrics.counter('netweave_mine_total', 'Mine.')();
    expect(await first.linesOf('# TYPE process_cpu_seconds_total')).toHaveLength(1);
    expect(await second.linesOf('# TYPE process_cpu_seconds_total')).toHaveLength(1);
    expect(await second.linesOf('netweave_mine')).toEqual([]);
    expect((await second.linesOf('netweave_event_loop_delay_p99_seconds')).at(-1)).toMatch(/ \d/);
  });

  test('notice an event loop that is held up', async () => {
    const { metrics } = create();
    const until = performance.now() + 10_000;
    while (metrics.eventLoopDelay() < 50 && performance.now() < until) {
      const busy = performance.now() + 100;
      while (performance.now() < busy);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(metrics.eventLoopDelay()).toBeGreaterThanOrEqual(50);
  });

  test('have buckets in order', () => {
    expect([...requestBuckets].sort((a, b) => a - b)).toEqual(requestBuckets);
  });
});
