import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serialize } from 'node:v8';
import type { Recorded } from './recorded.js';
import { cores, start } from './spawned.js';

export interface BareProcess {
  readonly pid: number;
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a bare server that sends these answers. */
export async function startBare(answers: readonly Recorded[]): Promise<BareProcess> {
  const home = await mkdtemp(join(tmpdir(), 'netweave-bare-'));
  const file = join(home, 'answers');
  await writeFile(file, serialize(answers));
  const child = start(cores.server, [process.execPath, join(import.meta.dirname, 'bare-server.js'), file]);
  const [, url] = await child.printed(/listening at (\S+)/);
  await rm(home, { recursive: true });
  return { pid: child.pid, url: url!, stop: () => child.stop() };
}
