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
  readonly tenant?: string | null;
  readonly operation?: string;
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

/** In one piece, and what is mostly the same as in the line before is not looked through again. */
function formatter(): (access: Access) => string {
  const [method, remote, principal] = [rememberedQuoted(), rememberedQuoted(), rememberedQuoted()];
  return (access) => {
    let rest = access.principal === undefined ? '' : `,"principal":${principal(access.principal)}`;
    if (access.tenant != null) rest += `,"tenant":${quoted(access.tenant)}`;
    if (access.operation !== undefined) rest += `,"operation":${quoted(access.operation)}`;
    return `{"time":"${timestamp(Date.now())}","requestId":${quoted(access.requestId)},"method":${method(access.method)},"path":${quoted(access.path)},"status":${access.status},"bytes":${access.bytes},"us":${Math.round(access.microseconds)},"remote":${remote(access.remote)}${rest}}\n`;
  };
}

function rememberedQuoted(): (text: string) => string {
  let last = '';
  let made = '""';
  return (text) => {
    if (text !== last) [last, made] = [text, quoted(text)];
    return made;
  };
}

// Almost no text needs escaping, and testing for it is cheaper than JSON.stringify.
const special = /["\\\u0000-\u001f\ud800-\udfff]/;

function quoted(text: string): string {
  return special.test(text) ? JSON.stringify(text) : `"${text}"`;
}
