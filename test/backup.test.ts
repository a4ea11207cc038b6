import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { run } from '#src/cli/run.js';
import { judges, setUp, survivesLoss } from './backup-story.js';

test('what the gateway owns survives the loss of its file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'netweave-backed-up-'));
  await survivesLoss(setUp({ folder }), async () => setUp({}));
  rmSync(folder, { recursive: true });
});

test('what stands differently, and what is foreign, is refused', () =>
  judges((folder, fill) => setUp({ folder }, fill)));

test('a gateway that is not there is named, with what to do', async () => {
  let error = '';
  const terminal = { out: () => undefined, error: (text: string) => void (error += text) };
  const code = await run(['backup', '/nowhere/backup', '--url', 'http://127.0.0.1:9'], {}, terminal);
  expect([code, error]).toEqual([5, expect.stringMatching(/No gateway answers at http:\/\/127\.0\.0\.1:9 .*--url/)]);
});
