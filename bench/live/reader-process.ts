import { setPriority } from 'node:os';
import { paced } from '../paced.js';

/** What the reader is told to do: to read the paths in turn until it is told to stop. */
export type Command = { readonly do: 'read'; readonly url: string; readonly paths: readonly string[] } | { do: 'stop' };

/** Milliseconds of each read since. */
export type Report = readonly number[];

const perSecond = 200;

// It shares a core with clients that count a million messages: what it waits for that is nothing of the gateway.
try {
  setPriority(-10);
} catch {
  // Only root may.
}

let stop = new AbortController();

process.on('message', (command: Command) => {
  if (command.do === 'stop') return stop.abort();
  stop = new AbortController();
  void paced([command], { perSecond, seconds: stop.signal }).then(([times]) => process.send!(times));
});
