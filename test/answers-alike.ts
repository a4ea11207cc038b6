import { expect } from '@jest/globals';
import { nowhere, type Reply } from './gateway-under-test.js';

/** Without what differs between any two: date, how many more the connection takes, the id asked about, its hash in the ETag. */
function told({ status, headers, text }: Reply, id: string): object {
  const { date: _, connection: _of, 'keep-alive': _for, etag, ...rest } = headers;
  const state = etag?.slice(0, -'-0123456789"'.length);
  return { status, headers: rest, state, text: text.replaceAll(id, '(the id)') };
}

/** Asks about an id that exists for others and about one that nobody has: the answers must be the same, byte for byte. */
export async function expectSame(
  id: string,
  ask: (id: string) => Promise<Reply | undefined>,
): Promise<Reply | undefined> {
  const answer = await ask(id);
  if (!answer) return undefined;
  // As long as the id, or the lengths would tell them apart.
  const absent = id.length === nowhere.length ? nowhere : 'x'.repeat(id.length);
  expect(told(answer, id)).toEqual(told((await ask(absent))!, absent));
  return answer;
}
