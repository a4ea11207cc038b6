import { describe, expect, test } from '@jest/globals';
import { accepts, acceptsGzip, acceptsJson, matchesEtag } from './headers.js';

const long = (part: string) => part.repeat(60_000 / part.length);

describe('what a header prefers', () => {
  test.each([
    ['of many types', long('a/a,')],
    ['of many weights', long('*/*;q=0.1,')],
    ['of commas', long(',')],
    ['of one character more than is read', `application/json${' '.repeat(1009)}`],
  ])('an Accept %s is refused where it gets too long', (_, accept) => {
    const refused = { code: 'INVALID', detail: { at: 'Accept', position: 1024 } };
    for (const ask of [() => acceptsJson(accept), () => accepts('text/event-stream', accept)])
      expect(ask).toThrow(expect.objectContaining(refused));
  });

  test('an Accept of as much as is read is read', () => {
    const accept = 'text/html,application/json;q=0.1'.padEnd(1024);
    expect([acceptsJson(accept), accepts('text/event-stream', accept)]).toEqual([true, false]);
  });

  test('an Accept-Encoding that is too long is none', () => {
    expect([acceptsGzip(long('gzip,')), acceptsGzip('br, gzip'.padEnd(1025)), acceptsGzip('br, gzip')]).toEqual([
      false,
      false,
      true,
    ]);
  });
});

describe('whether If-None-Match names a tag', () => {
  const tag = '"abc-1"';

  test.each(['*', tag, `W/${tag}`, `"x", ${tag}`, `${tag},"x"`, `"x",W/${tag} , "y"`, `\t${tag}\t`, `, ,${tag}`])(
    'it does: %s',
    (header) => expect(matchesEtag(header, tag)).toBe(true),
  );

  test.each([undefined, '', 'abc-1', '"abc"', `x${tag}`, `${tag}x`, `xW/${tag}`, `w/${tag}`, `/${tag}`, `"x",y${tag}`])(
    'it does not: %s',
    (header) => expect(matchesEtag(header, tag)).toBe(false),
  );

  test('however long it is, it is not taken apart', () => {
    const whole = (text: string): string =>
      Object.assign(Object(text) as string, {
        split: () => {
          throw new Error('It was taken apart.');
        },
      });
    expect(['', tag].map((last) => matchesEtag(whole(`${long(',')}${last}`), tag))).toEqual([false, true]);
  });
});
