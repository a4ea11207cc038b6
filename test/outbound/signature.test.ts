import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { newSecret, secretBytes, signatureHeaders } from '#platform/outbound/signature.js';

const body = '{"notificationEventType":0,"objectRef":"/o2ims-infrastructureInventory/v2/resourcePools/ü"}';
const signed = (more: Partial<Parameters<typeof signatureHeaders>[0]> = {}) =>
  signatureHeaders({ id: 'msg_1', time: Date.now(), body, secrets: [newSecret()], ...more });

/** The bits of the vector of the specification's own libraries. */
const vector = {
  secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  time: 1_614_265_330_000,
  body: '{"test": 2432232314}',
};

describe('a signature', () => {
  test('is that of the published vector', () => {
    expect(signatureHeaders(vector)).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  test('is accepted by standardwebhooks, also while the secret is rotated', () => {
    for (let run = 0; run < 200; run++) {
      const [current, previous] = [newSecret(), newSecret()];
      const json = JSON.stringify({ run, text: '\u2028 ü 🙂'.repeat(run % 7) });
      const headers = signed({ body: json, id: `msg_${run}`, secrets: [current, previous] });
      for (const secret of [current, previous])
        expect(new Webhook(secret).verify(json, headers)).toMatchObject({ run });
      expect(() => new Webhook(newSecret()).verify(json, headers)).toThrow();
    }
  });

  test('is refused after any single bit has changed', () => {
    const secret = newSecret();
    const headers = signed({ secrets: [secret] });
    const webhook = new Webhook(secret);
    const bytes = Buffer.from(body);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => webhook.verify(changed, headers)).toThrow('No matching signature found');
    }
    expect(webhook.verify(bytes, headers)).toBeTruthy();
  });

  test('is accepted by a verifier in Python that shares no code with us', () => {
    const cases = Array.from({ length: 100 }, (_, at) => {
      const secrets = [newSecret(), newSecret()];
      const text = JSON.stringify({ at, text: 'ü🙂'.repeat(at) });
      return { secret: secrets[at % 2], body: text, headers: signed({ id: `msg_${at}`, body: text, secrets }) };
    });
    const forged = cases.map((each) => ({ ...each, body: `${each.body} ` }));
    const done = spawnSync('python3', ['-c', verifier], {
      input: JSON.stringify([...cases, ...forged]),
      encoding: 'utf8',
    });
    expect(done.stderr).toBe('');
    expect(JSON.parse(done.stdout)).toEqual([...cases.map(() => true), ...forged.map(() => false)]);
  });
});

// By the text of the specification, with the standard library alone.
const verifier = `
import base64, hashlib, hmac, json, sys

def verify(case):
    headers = case["headers"]
    key = base64.b64decode(case["secret"].removeprefix("whsec_"), validate=True)
    content = f'{headers["webhook-id"]}.{headers["webhook-timestamp"]}.{case["body"]}'.encode()
    expected = hmac.new(key, content, hashlib.sha256).digest()
    given = (each.split(",", 1) for each in headers["webhook-signature"].split(" "))
    return any(v == "v1" and hmac.compare_digest(base64.b64decode(s), expected) for v, s in given)

json.dump([verify(case) for case in json.load(sys.stdin)], sys.stdout)
`;

describe('a secret', () => {
  test('is made of 32 random bytes', () => {
    const made = Array.from({ length: 100 }, newSecret);
    expect(new Set(made).size).toBe(100);
    expect(made.every((secret) => secretBytes(secret).length === 32)).toBe(true);
  });

  test.each([24, 64])('may have %d bytes', (length) => {
    expect(secretBytes(`whsec_${Buffer.alloc(length, 1).toString('base64')}`)).toHaveLength(length);
  });

  test.each([
    '',
    'whsec_',
    'secret',
    Buffer.alloc(32).toString('base64'),
    `whsec_${Buffer.alloc(23).toString('base64')}`,
    `whsec_${Buffer.alloc(65).toString('base64')}`,
    `whsec_${Buffer.alloc(32, 255).toString('base64url')}`,
    `whsec_${Buffer.alloc(32, 9).toString('base64')} `,
    `WHSEC_${Buffer.alloc(32).toString('base64')}`,
  ])('is refused, and not shown: %j', (secret) => {
    const refused = () => signed({ secrets: [secret] });
    expect(refused).toThrow("The secret needs the form 'whsec_' and 24 to 64 bytes in base64.");
  });
});
