import { readFileSync } from 'node:fs';

// USER_HZ: 100 on every Linux there is.
const ticksPerSecond = 100;

/** Processor time a process has used so far, with all its threads, in microseconds. */
export function cpuTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the program stands in parentheses and may hold anything; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / ticksPerSecond;
}

/** How long the main thread of a process has been ready to run but had no core so far, milliseconds. */
export function starved(pid: number): number {
  const [, waited] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ');
  return Number(waited) / 1e6;
}

/** Memory of a process in megabytes: resident now, and the most it ever was. */
export function memory(pid: number): { readonly resident: number; readonly most: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)![1]) / 1024;
  return { resident: megabytes('VmRSS'), most: megabytes('VmHWM') };
}
