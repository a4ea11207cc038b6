import { timestamp } from './clock.js';
import { LineBatches } from './line-batches.js';
import { fileSink, stdoutSink, type Sink } from './line-sink.js';

/** One answered request. */
export interface Access {
  readonly requestId: string;
  readonly method: string;
  /** Path without the query, which may hold anything. */
  readonly path: string;
  readonly status: number;
  /** Bytes of the body. */
  readonly bytes: number;
  readonly microseconds: number;
  readonly remote: string;
  /** Name of the client; absent when it is not known who called. */
  readonly principal?: string;
  /** Of the client; absent when it sees every tenant. */
  readonly tenant?: string | undefined;
}

export interface AccessLog {
  /** Notes a request; never waits and never throws. */
  line(access: Access): void;
  /** Lines lost since the start, because the destination failed or took no more. */
  readonly dropped: number;
  /** Closes the file and opens it anew, as after SIGHUP. */
  reopen(): Promise<void>;
  /** Writes what is left, then closes. */
  close(): Promise<void>;
}

export interface AccessLogOptions {
  /** File to append to; standard output when absent. */
  readonly file?: string;
  /** Told once per failure of the destination, not once per line. */
  readonly onFault?: (error: Error) => void;
  /** Where text goes instead of `file`; for tests of hanging disks. */
  readonly sink?: Sink;
}

/**
 * The access log: a JSON line per request, written in batches. Made by hand because it stands in the way of every request.
 * Opens the file anew on SIGHUP. Throws Fault INVALID when the file cannot be opened at first.
 */
export async function accessLog({ file, onFault = () => {}, sink }: AccessLogOptions): Promise<AccessLog> {
  const batches = new LineBatches(sink ?? (file === undefined ? stdoutSink() : await fileSink(file)), onFault);
  const reopen = () => batches.reopen();
  const format = formatter();
  if (file !== undefined) process.on('SIGHUP', reopen);
  return {
    line: (access) => batches.add(format(access)),
    get dropped() {
      return batches.dropped;
    },
    reopen,
    close() {
      process.removeListener('SIGHUP', reopen);
      return batches.close();
    },
  };
}

/** A line of few pieces, which are dear to make one of; what is mostly as in the line before is kept whole. */
function formatter(): (access: Access) => string {
  const began = remembered((now: number) => `{"time":"${timestamp(now)}","requestId":"`);
  const asked = remembered((method: string) => `","method":"${escaped(method)}","path":"`);
  const answered = remembered((status: number) => `","status":${status},"bytes":`);
  const from = remembered((remote: string) => `,"remote":"${escaped(remote)}"`);
  const by = remembered((principal: string) => `,"principal":"${escaped(principal)}"`);
  return ({ requestId, method, path, status, bytes, microseconds, remote, principal, tenant }) => {
    let rest = principal === undefined ? '' : by(principal);
    if (tenant !== undefined) rest += `,"tenant":"${escaped(tenant)}"`;
    return `${began(Date.now())}${escaped(requestId)}${asked(method)}${escaped(path)}${answered(status)}${bytes},"us":${Math.round(microseconds)}${from(remote)}${rest}}\n`;
  };
}

function remembered<T>(make: (value: T) => string): (value: T) => string {
  let last: T | undefined;
  let made = '';
  return (value) => {
    if (value !== last) [last, made] = [value, make(value)];
    return made;
  };
}

// Almost no text needs escaping, and testing for it is cheaper than JSON.stringify.
const special = /["\\\u0000-\u001f\ud800-\udfff]/;

/** What stands between the quotes. */
function escaped(text: string): string {
  return special.test(text) ? JSON.stringify(text).slice(1, -1) : text;
}
