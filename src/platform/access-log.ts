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
 * Opens the file anew on SIGHUP. Throws when the file cannot be opened at first.
 */
export async function accessLog({ file, onFault = () => {}, sink }: AccessLogOptions): Promise<AccessLog> {
  const batches = new LineBatches(sink ?? (file === undefined ? stdoutSink() : await fileSink(file)), onFault);
  const reopen = () => batches.reopen();
  if (file !== undefined) process.on('SIGHUP', reopen);
  return {
    line: (access) => batches.add(formatted(access)),
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

function formatted(access: Access): string {
  const { principal, tenant, operation } = access;
  let line = `{"time":"${timestamp(Date.now())}","requestId":${quoted(access.requestId)},"method":${quoted(access.method)}`;
  line += `,"path":${quoted(access.path)},"status":${access.status},"bytes":${access.bytes}`;
  line += `,"us":${Math.round(access.microseconds)},"remote":${quoted(access.remote)}`;
  if (principal !== undefined) line += `,"principal":${quoted(principal)}`;
  if (tenant != null) line += `,"tenant":${quoted(tenant)}`;
  if (operation !== undefined) line += `,"operation":${quoted(operation)}`;
  return `${line}}\n`;
}

// Almost no text needs escaping, and testing for it is cheaper than JSON.stringify.
const special = /["\\\u0000-\u001f\ud800-\udfff]/;

function quoted(text: string): string {
  return special.test(text) ? JSON.stringify(text) : `"${text}"`;
}
