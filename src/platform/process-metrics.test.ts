import { expect, test } from '@jest/globals';
import { createMetrics } from './metrics.js';

/** Seconds of CPU that the process has used. */
function used(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

test('what the process uses is counted before anybody asks', async () => {
  const metrics = createMetrics();
  const before = used();
  while (used() - before < 0.1);
  const [, seconds] = /^process_cpu_seconds_total (\S+)$/m.exec(await metrics.text())!;
  expect(Number(seconds)).toBeGreaterThanOrEqual(0.1);
  metrics.close();
});
