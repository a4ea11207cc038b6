import { appendFileSync } from 'node:fs';

/** Jest reporter: leaves the totals where scripts/run.mjs adds them up into the closing line. */
export default class ClosingLine {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const tests = results.testResults.flatMap(({ testResults }) => testResults);
    const skipped = tests
      .filter(({ status }) => !['passed', 'failed'].includes(status))
      .map(({ fullName }) => fullName);
    const line = { passed: results.numPassedTests, failed, skipped };
    if (process.env.NETWEAVE_TOTALS) appendFileSync(process.env.NETWEAVE_TOTALS, `${JSON.stringify(line)}\n`);
  }
}
