// A thread beside the suites of a process. jest waits for ever for one that spins or whose import never ends: here the process
// is ended, which jest tells as that suite's failure, and where it was is said.
import { writeSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

let timer;
parentPort.on('message', (suite) => {
  clearTimeout(timer);
  if (suite !== undefined) timer = setTimeout(end, workerData.longest, suite);
});

async function end(suite) {
  const where = await Promise.race([looks(), sleep(5000, ['It waits: no code of it runs.'])]);
  // The thread's own console prints through the one that is stuck.
  writeSync(2, `\n${suite} did not end in ${workerData.longest / 1000} s:\n${where.join('\n')}\n`);
  process.kill(process.pid, 'SIGKILL');
}

/** Where the main thread is at a few moments, the innermost call first; never resolves while it only waits. */
async function looks() {
  const session = new Session();
  session.connectToMainThread();
  const urls = new Map();
  session.on('Debugger.scriptParsed', ({ params: { scriptId, url } }) => urls.set(scriptId, url));
  await session.post('Debugger.enable');
  const stacks = [];
  for (let look = 1; look <= 5; look += 1) {
    const paused = new Promise((resolve) => session.once('Debugger.paused', resolve));
    await session.post('Debugger.pause');
    const { params } = await paused;
    const frames = params.callFrames.map(({ functionName, location: { scriptId, lineNumber } }) => {
      return `    ${functionName || '(anonymous)'} ${urls.get(scriptId)}:${lineNumber + 1}`;
    });
    stacks.push([`  look ${look}`, ...frames].join('\n'));
    await session.post('Debugger.resume');
    await sleep(20);
  }
  return stacks;
}
