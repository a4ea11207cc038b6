import type { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { Unidentified } from './unidentified.js';

interface Silent {
  readonly socket: Socket;
}

const from = (remoteAddress: string): Silent => ({ socket: { remoteAddress } as Socket });

/** Of many addresses, one each. */
const strangers: readonly (readonly [string, (each: number) => string])[] = [
  ['networks of IPv6', (each) => `2001:db8:${each.toString(16)}::1`],
  ['addresses of IPv4', (each) => `198.51.${each >> 8}.${each & 255}`],
];

test.each(strangers)('clients behind one address keep their places among strangers of many %s', (_what, address) => {
  const all = new Unidentified<Silent>(200);
  const out: (Silent | undefined)[] = [];
  for (let each = 0; each < 400; each += 1) out.push(all.add(from(address(each))));
  const office: Silent[] = [];
  // Each says who it is after a hundred others have come.
  for (let each = 400; each < 1400; each += 1) {
    if (each % 5 === 0) {
      office.push(from('192.0.2.1'));
      out.push(all.add(office.at(-1)!));
      if (office.length > 20) all.delete(office.at(-21)!);
    }
    out.push(all.add(from(address(each))));
  }
  expect(office.filter((each) => out.includes(each))).toEqual([]);
  expect(out.filter((each) => each !== undefined)).toHaveLength(1400 - 200 + 20);
});

test.each([
  ['address', () => '192.0.2.1'],
  ['network of IPv6', (each: number) => `2001:db8::${(each % 4).toString(16)}:${each.toString(16)}:0:1`],
  ['network of IPv6 that ends with zeros', (each: number) => `2001:db8:0:0:${each.toString(16)}::`],
  ['address, as IPv6 writes it or not', (each: number) => `${each % 2 ? '::ffff:' : ''}192.0.2.1`],
])('strangers of one %s make room for each other, the oldest first, and nobody else for them', (_what, address) => {
  const all = new Unidentified<Silent>(200);
  const others = Array.from({ length: 150 }, (_, each) => from(`198.51.100.${each}`));
  for (const each of others) expect(all.add(each)).toBeUndefined();
  const crowd = Array.from({ length: 500 }, (_, each) => from(address(each)));
  const out = crowd.map((each) => all.add(each));
  // The oldest of all makes room until a quarter of the places is full.
  expect(out.slice(0, 50)).toEqual(Array(50).fill(undefined));
  expect(out[50]).toBe(others[0]);
  for (const [each, who] of out.slice(51).entries()) expect(who).toBe(crowd[each]);
});

test('few of one place are no crowd, and who spoke or left is none of them', () => {
  const all = new Unidentified<Silent>(12);
  const others = Array.from({ length: 4 }, (_, each) => from(`198.51.100.${each}`));
  const crowd = Array.from({ length: 9 }, () => from('192.0.2.1'));
  for (const each of [...others, ...crowd.slice(0, 8)]) all.add(each);
  all.delete(crowd[7]!);
  all.add(from('203.0.113.1'));
  expect(all.add(crowd[8]!)).toBe(others[0]);
  expect(all.add(from('203.0.113.2'))).toBe(crowd[0]);
  expect(all.add(from('203.0.113.3'))).toBe(others[1]);
  for (const each of crowd) all.delete(each);
  for (let each = 0; each < 7; each += 1) expect(all.add(from('192.0.2.2'))).toBeUndefined();
});
