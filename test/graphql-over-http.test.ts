import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { serverAudits } from 'graphql-http';
import { openGatewayUnderTest, type GatewayUnderTest } from './gateway-under-test.js';

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await openGatewayUnderTest({});
});
afterAll(() => gateway.close());

const forged = 'A GET that a form or a link can send is refused, as it could be another page that sends it.';
const honest = 'Apollo answers 400 to what is not executed in either media type, and clients of Apollo expect it.';

/** What the gateway does otherwise than the draft of GraphQL over HTTP recommends, and why. */
const misses: Readonly<Record<string, string>> = {
  'MAY accept application/x-www-form-urlencoded formatted GET requests': forged,
  'MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/graphql-response+json':
    forged,
  'MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/json': forged,
  'SHOULD use 200 status code on document parsing failure when accepting application/json': honest,
  'SHOULD use 200 status code on document validation failure when accepting application/json': honest,
  'SHOULD use a status code of 200 on variable coercion failure when accepting application/json': honest,
};

// The second time documents are known, and Apollo is not asked.
test.each(['new', 'known'])('the audits of graphql-http, documents %s', async () => {
  const audits = serverAudits({ url: `${gateway.url}/graphql`, fetchFn: fetch });
  const failed: string[] = [];
  const passed = { MUST: 0, SHOULD: 0, MAY: 0 };
  for (const audit of audits) {
    const { status } = await audit.fn();
    if (status === 'ok') passed[audit.name.split(' ')[0] as keyof typeof passed] += 1;
    else failed.push(audit.name);
  }
  expect(failed.sort()).toEqual(Object.keys(misses).sort());
  expect(passed).toEqual({ MUST: 13, SHOULD: 20, MAY: 22 });
});
