const loopback = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i;

/** Whether a host, without a port, can be this machine only. */
export function isLoopback(host: string): boolean {
  return loopback.test(host);
}
