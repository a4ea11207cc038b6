import { appendFileSync } from 'node:fs';

/** Jest reporter: leaves the totals where scripts/run.mjs adds them up into the closing line. */
export default class ClosingLine {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const line = { passed: results.numPassedTests, failed, skipped: results.numPendingTests + results.numTodoTests };
    if (process.env.NETWEAVE_TOTALS) appendFileSync(process.env.NETWEAVE_TOTALS, `${JSON.stringify(line)}\n`);
  }
}
