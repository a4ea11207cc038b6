import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Fault } from '#schema/errors.js';
import { backendGuard, NothingSent } from './guard.js';
import { httpClient } from './http-client.js';

const never = new AbortController().signal;
const generous = { deadline: 20_000, concurrency: 16 };
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A backend that answers every request with this status; 0 ends the connection, undefined never answers. */
async function backend(status: number | undefined) {
  const seen = { requests: 0, status };
  const server = createServer((request, response) => {
    seen.requests += 1;
    request.resume();
    if (seen.status === 0) response.destroy();
    else if (seen.status !== undefined) response.writeHead(seen.status).end();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = httpClient({ backend: 'It', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  const write = (signal: AbortSignal) => client.call('POST', '/', { signal, body: {} });
  return { seen, write, server };
}

/** The fault that a call ends with. */
async function faultOf(call: Promise<unknown>): Promise<Fault> {
  const fault = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(fault instanceof Fault)) throw new Error(`ended with ${String(fault)}`);
  return fault;
}

describe('the breaker', () => {
  test('opens after five faults of the backend: nothing is sent any more, and the caller knows when to come back', async () => {
    const { seen, write } = await backend(500);
    const guard = backendGuard('b', generous);
    for (let call = 0; call < 4; call += 1) await faultOf(guard.run(never, write));
    expect(guard.breaker).toBe('closed');
    expect((await faultOf(guard.run(never, write))).code).toBe('BACKEND_FAILED');
    expect(guard.breaker).toBe('open');
    const refused = await faultOf(guard.run(never, write));
    expect(refused).toBeInstanceOf(NothingSent);
    expect(refused).toMatchObject({ code: 'BACKEND_UNAVAILABLE', detail: { retryAfter: 5 } });
    expect(seen.requests).toBe(5);
  });

  test.each([400, 401, 403, 404, 409, 412, 422])('takes no notice of a write refused with %i', async (status) => {
    const { seen, write } = await backend(status);
    const guard = backendGuard('b', generous);
    for (let call = 0; call < 8; call += 1) await faultOf(guard.run(never, write));
    expect([guard.breaker, seen.requests]).toEqual(['closed', 8]);
  });

  test('takes no notice of a fault of the caller', async () => {
    const guard = backendGuard('b', generous);
    const refuse = () => Promise.reject(new Fault('UNPROCESSABLE', 'No.'));
    for (let call = 0; call < 8; call += 1) await faultOf(guard.run(never, refuse));
    expect(guard.breaker).toBe('closed');
  });

  test.each([408, 429, 500, 503, 0])('counts %i', async (status) => {
    const { write } = await backend(status);
    const guard = backendGuard('b', generous);
    for (let call = 0; call < 5; call += 1) await faultOf(guard.run(never, write));
    expect(guard.breaker).toBe('open');
  });

  test('lets one call through after five seconds, turns the others away meanwhile, and closes when it succeeds', async () => {
    const { seen, write } = await backend(500);
    const guard = backendGuard('b', generous);
    for (let call = 0; call < 5; call += 1) await faultOf(guard.run(never, write));
    seen.status = 204;
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let trial: Promise<unknown> = Promise.resolve();
    while (guard.breaker === 'open') {
      await new Promise((resolve) => setTimeout(resolve, 100));
      trial = guard.run(never, async (signal) => {
        await held;
        return write(signal);
      });
      trial.catch(() => undefined);
    }
    expect(guard.breaker).toBe('half-open');
    expect(await faultOf(guard.run(never, write))).toBeInstanceOf(NothingSent);
    release();
    await trial;
    expect(guard.breaker).toBe('closed');
    await guard.run(never, write);
  });
});

describe('the deadline', () => {
  test('ends a call to a backend that hangs', async () => {
    const { write } = await backend(undefined);
    const fault = await faultOf(backendGuard('b', { deadline: 50, concurrency: 1 }).run(never, write));
    expect(fault).toMatchObject({ code: 'BACKEND_TIMEOUT', message: expect.stringContaining('may have done') });
    expect(fault.detail.retryAfter).toBeUndefined();
    expect(fault).not.toBeInstanceOf(NothingSent);
  });

  test('ends a call that does not heed its signal, and frees its place', async () => {
    const guard = backendGuard('b', { deadline: 50, concurrency: 1 });
    const deaf = () => new Promise<never>(() => undefined);
    const { message, detail } = await faultOf(guard.run(never, deaf));
    expect(message).toMatch(/^The backend 'b' did not answer within 50 ms; it may have done/);
    expect(detail).toEqual({});
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await guard.run(never, async () => 'done')).toBe('done');
  });

  test('of the caller ends the wait for a turn: what never had one was not sent', async () => {
    const guard = backendGuard('b', { deadline: 20_000, concurrency: 1 });
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const first = guard.run(never, () => held);
    let begun = false;
    const second = faultOf(guard.run(AbortSignal.timeout(20), async () => void (begun = true)));
    expect(await second).toBeInstanceOf(NothingSent);
    release();
    await first;
    await guard.run(never, async () => undefined);
    expect(begun).toBe(false);
  });
});

describe('the concurrency limit', () => {
  test('lets so many run at once, four times as many wait, and turns the rest away', async () => {
    const guard = backendGuard('b', { deadline: 20_000, concurrency: 2 });
    let running = 0;
    let most = 0;
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const work = async () => {
      most = Math.max(most, (running += 1));
      await held;
      running -= 1;
    };
    const admitted = Array.from({ length: 10 }, () => guard.run(never, work));
    const refused = await faultOf(guard.run(never, work));
    expect(refused).toBeInstanceOf(NothingSent);
    expect(refused.detail.retryAfter).toBe(1);
    release();
    await Promise.all(admitted);
    expect(most).toBe(2);
  });
});

describe('what is sure', () => {
  test('a refused connection: nothing was sent', async () => {
    const { server, write } = await backend(204);
    await new Promise((resolve) => server.close(resolve));
    const fault = await faultOf(backendGuard('b', generous).run(never, write));
    expect(fault).toBeInstanceOf(NothingSent);
    expect(fault.detail.retryAfter).toBeGreaterThan(0);
  });

  test('a connection that breaks off: the write may have happened', async () => {
    const { write } = await backend(0);
    const fault = await faultOf(backendGuard('b', generous).run(never, write));
    expect(fault).not.toBeInstanceOf(NothingSent);
    expect(fault).toMatchObject({ code: 'BACKEND_UNAVAILABLE', message: expect.stringContaining('may have done') });
    expect(fault.detail.retryAfter).toBeUndefined();
  });

  test('a backend that answered that it cannot: nothing was done, and the caller may come back', async () => {
    const { write } = await backend(429);
    const fault = await faultOf(backendGuard('b', generous).run(never, write));
    expect(fault).toMatchObject({ code: 'BACKEND_UNAVAILABLE', detail: { retryAfter: 5 } });
    expect(fault.message).not.toContain('may have done');
  });

  test('an error that is no fault becomes one that names the backend and keeps its words for the operator', async () => {
    const fault = await faultOf(
      backendGuard('b', generous).run(never, () => Promise.reject(new TypeError('x of undefined'))),
    );
    expect(fault).toMatchObject({ code: 'BACKEND_FAILED', cause: new TypeError('x of undefined') });
    expect(fault.message).toBe("The backend 'b' failed in a way nobody foresaw.");
  });
});
