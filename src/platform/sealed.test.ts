import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Fault } from '#schema/errors.js';
import { sealer } from './sealed.js';

const key = Buffer.alloc(32, 7);
const { seal, open } = sealer(key);
const context = 'subscription/1/secret';

function whyNot(act: () => string): string {
  try {
    return `opened: ${act()}`;
  } catch (error) {
    if (error instanceof Fault && error.code === 'UNAVAILABLE') return error.message;
    throw error;
  }
}

describe('a sealed secret', () => {
  test('opens to what it was, in its context', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (secret, where) => {
        expect(open(seal(secret, where), where)).toBe(secret.toWellFormed());
      }),
    );
  });

  test('opens in no other context', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (secret, where, elsewhere) => {
        fc.pre(where !== elsewhere);
        expect(whyNot(() => open(seal(secret, where), elsewhere))).toMatch(/belongs to something else/);
      }),
    );
  });

  test('does not open after any single bit has changed', () => {
    const sealed = Buffer.from(seal('a secret', context), 'latin1');
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(whyNot(() => open(changed.toString('latin1'), context))).toMatch(/^A stored secret cannot be read; /);
    }
    expect(open(sealed.toString('latin1'), context)).toBe('a secret');
  });

  test('does not open when it was cut, lengthened or made up', () => {
    const sealed = seal('a secret', context);
    for (let length = 0; length < sealed.length; length++)
      expect(whyNot(() => open(sealed.slice(0, length), context))).toMatch(/cannot be read/);
    for (const more of ['=', 'A', 'AA', '.', ' ', '\n', '.AAAA'])
      expect(whyNot(() => open(sealed + more, context))).toMatch(/cannot be read/);
    fc.assert(fc.property(fc.string(), (text) => expect(whyNot(() => open(text, context))).toMatch(/cannot be read/)));
  });

  test('says that the key has changed, and not what it was', () => {
    const sealed = seal('a secret', context);
    const why = whyNot(() => sealer(randomBytes(32)).open(sealed, context));
    expect(why).toMatch(/NETWEAVE_KEY or keyFile has changed/);
    expect(why).not.toContain('secret,');
  });

  test('says that a newer release may have written it', () => {
    expect(whyNot(() => open(seal('a', context).replace('v1', 'v2'), context))).toMatch(
      /newer one may have written it/,
    );
  });

  test('never looks the same twice and shows nothing', () => {
    const all = Array.from({ length: 100 }, () => seal('a secret', context));
    expect(new Set(all).size).toBe(100);
    expect(all.every((sealed) => sealed.startsWith('v1.') && !sealed.includes('secret'))).toBe(true);
  });
});
