import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { openGatewayUnderTest, type Ask, type GatewayUnderTest, type Reply } from './gateway-under-test.js';

export const o2 = '/o2ims-infrastructureInventory/v2';

/** Names that every object of JavaScript has, and values that look like others. */
export const traps: readonly string[] = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'length'],
  ...['0', '-1', 'NaN', 'null', 'undefined', 'true'],
];

/** A gateway for the suite it is called in, which must stand whatever its tests send. */
export function besieged(): {
  send(target: string, ask?: Ask): Promise<Reply>;
  /** Sends, and holds the answer to what must hold of every answer. */
  expectAnswered(target: string, ask?: Ask): Promise<Place | undefined>;
} {
  let gateway: GatewayUnderTest;
  const send = (target: string, ask: Ask = {}) => gateway.send(target, { as: 'admin', ...ask });
  beforeAll(async () => {
    gateway = await openGatewayUnderTest({
      simulators: { sim: { embedded: { seed: 2, size: 40, pools: 5, changesPerSecond: 0 } } },
      clients: { admin: { roles: ['admin'] } },
      yaml: 'limits: { bodyBytes: 64KiB, pageSize: 2 }',
    });
  });
  // The gateway runs in this very process: what pollutes a prototype or cannot be caught is seen here.
  afterEach(async () => {
    expect(Object.getOwnPropertyNames(Object.prototype).filter((name) => name === 'polluted')).toEqual([]);
    expect((await send(`${o2}/resourcePools`)).status).toBe(200);
    expect((await send('/readyz')).status).toBe(200);
  });
  afterAll(async () => {
    await gateway.close();
    expect(gateway.logged).toEqual([]);
  });
  return { send, expectAnswered: async (target, ask = {}) => expectAnswer(await send(target, ask), ask.method) };
}

/** Where a refusal says the fault is. */
export interface Place {
  readonly code?: string;
  readonly at?: string;
  readonly position?: number;
}

/**
 * What must hold of every answer, whatever was sent: no 5xx, and from 400 on an error as its facade writes them. Returns where
 * the fault is said to be; undefined for an answer that is none.
 */
function expectAnswer({ status, headers, text }: Reply, method = 'GET'): Place | undefined {
  expect([status, status < 500 ? '' : text]).toEqual([status, '']);
  if (method === 'HEAD') return undefined;
  const type = String(headers['content-type'] ?? '');
  const body = /json/.test(type) && text !== '' ? (JSON.parse(text) as Record<string, unknown>) : undefined;
  if (type.startsWith('application/problem+json')) return problem(status, body);
  const [first] = Array.isArray(body) ? (body as Record<string, unknown>[]) : [body];
  const ofGraphql = (first?.['errors'] as readonly { readonly extensions: Place }[] | undefined)?.[0]?.extensions;
  const ofTrpc = (first?.['error'] as { readonly data: Place } | undefined)?.data;
  const place = ofGraphql ?? ofTrpc;
  if (status >= 400) expect([status, place?.code]).toEqual([status, expect.any(String)]);
  if (place) expect(place.code).not.toMatch(/^INTERNAL/);
  return place;
}

function problem(status: number, body: Record<string, unknown> | undefined): Place {
  expect(status).toBeGreaterThanOrEqual(400);
  expect(body).toMatchObject({ type: 'about:blank', status, title: expect.any(String), detail: expect.any(String) });
  expect(String(body!['detail'])).not.toBe('');
  return body as Place;
}
