import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cpuTime } from './cpu.js';
import { cores, pinned } from './spawned.js';

const run = promisify(execFile);

/** A request to make. */
export interface Ask {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What a run of the load generator found. */
export interface Load {
  readonly perSecond: number;
  /** Server CPU per request, microseconds. */
  readonly cpu: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** A server, and the requests that are made of it in turn. */
export interface Target {
  readonly pid: number;
  readonly url: string;
  readonly asks: readonly Ask[];
  /** How many requests are made at a time; 50 when absent. */
  readonly connections?: number;
}

/** Requests are formatted once, before the run; `done` prints one line of JSON. */
const script = `
local lines, requests, at = {}, {}, 0
function init(args)
  for line in io.lines(args[1]) do lines[#lines + 1] = line end
  local headers = {}
  for index = 1, tonumber(lines[2]) do
    local name, value = lines[2 + index]:match("^(.-): (.*)$")
    headers[name] = value
  end
  for index = 3 + tonumber(lines[2]), #lines, 2 do
    local body = lines[index + 1] ~= "" and lines[index + 1] or nil
    requests[#requests + 1] = wrk.format(lines[1], lines[index], headers, body)
  end
  at = math.random(0, #requests - 1)
end
function request()
  at = at % #requests + 1
  return requests[at]
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('{"requests":%d,"us":%d,"p50":%d,"p99":%d,"failed":%d}\\n', summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
`;

/** Makes load; `close` removes its files. */
export interface Generator {
  /** Loads the target for whole seconds and tells what it cost. Throws when a request failed. */
  load(target: Target, seconds: number): Promise<Load>;
  close(): Promise<void>;
}

/** Prepares wrk. The asks of one target differ in their paths and bodies only. */
export async function generator(): Promise<Generator> {
  const home = await mkdtemp(join(tmpdir(), 'netweave-wrk-'));
  const lua = join(home, 'cycle.lua');
  await writeFile(lua, script);
  const files = new Map<readonly Ask[], string>();
  const fileOf = async (asks: readonly Ask[]): Promise<string> => {
    let file = files.get(asks);
    if (file === undefined) {
      files.set(asks, (file = join(home, String(files.size))));
      await writeFile(file, linesOf(asks));
    }
    return file;
  };
  return {
    async load({ pid, url, asks, connections = 50 }, seconds) {
      const file = await fileOf(asks);
      const argv = ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', lua, url, '--', file];
      const [program, ...args] = pinned(cores.load, argv);
      const before = cpuTime(pid);
      const { stdout } = await run(program!, args);
      const spent = cpuTime(pid) - before;
      return loadOf(stdout, spent, asks[0]!);
    },
    close: () => rm(home, { recursive: true, force: true }),
  };
}

function linesOf(asks: readonly Ask[]): string {
  const [{ method = 'GET', headers = {} }] = asks as readonly [Ask, ...Ask[]];
  const named = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const each = asks.flatMap(({ path, body = '' }) => [path, body]);
  return [method, String(named.length), ...named, ...each, ''].join('\n');
}

function loadOf(stdout: string, spent: number, ask: Ask): Load {
  const line = /^\{.*\}$/m.exec(stdout);
  if (!line) throw new Error(`wrk said nothing that can be read:\n${stdout}`);
  const { requests, us, p50, p99, failed } = JSON.parse(line[0]) as Record<
    'requests' | 'us' | 'p50' | 'p99' | 'failed',
    number
  >;
  if (failed > 0 || requests === 0) throw new Error(`${failed} of ${requests} requests like ${ask.path} failed.`);
  return { perSecond: (requests * 1e6) / us, cpu: spent / requests, p50: p50 / 1000, p99: p99 / 1000 };
}
