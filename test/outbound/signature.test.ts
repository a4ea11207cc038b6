import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { newSecret, secretBytes, signatureHeaders } from '#platform/outbound/signature.js';

const body = '{"notificationEventType":0,"objectRef":"/o2ims-infrastructureInventory/v2/resourcePools/ü"}';
const signed = (more: Partial<Parameters<typeof signatureHeaders>[0]> = {}) =>
  signatureHeaders({ id: 'msg_1', time: Date.now(), body, secrets: [newSecret()], ...more });

interface Signed {
  readonly secret: string;
  readonly bytes: Buffer;
  readonly headers: Record<string, string>;
}

const minute = 60_000;
/** Five minutes either way are what the standard's own libraries let pass: inside, and outside, by a minute. */
const ages = [
  [0, true],
  [4 * minute, true],
  [-4 * minute, true],
  [6 * minute, false],
  [-6 * minute, false],
] as const;

/** Messages signed so long ago, and one that is old whose timestamp was made new. */
function aged(): readonly (Signed & { readonly fresh: boolean })[] {
  const now = Date.now();
  const [secret, bytes] = [newSecret(), Buffer.from(body)];
  const all = ages.map(([age, fresh]) => ({
    secret,
    bytes,
    headers: signed({ time: now - age, secrets: [secret] }),
    fresh,
  }));
  const renewed = { ...all.at(-1)!.headers, 'webhook-timestamp': all[0]!.headers['webhook-timestamp']! };
  return [...all, { secret, bytes, headers: renewed, fresh: false }];
}

const parts = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const;
const whole = Array.from({ length: 9 }, (_, at) => {
  const [secret, text] = [newSecret(), JSON.stringify({ ...(JSON.parse(body) as object), at })];
  return { secret, text, headers: signed({ id: `msg_${at}`, body: text, secrets: [secret] }) };
});

function* singleBits(bytes: Buffer): Iterable<readonly [bit: number, changed: Buffer]> {
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    yield [bit, changed];
  }
}

/** Every bit of every part of each message, one at a time. */
const tampered = whole.flatMap(({ secret, text, headers }): (Signed & { readonly what: string })[] => {
  const bytes = Buffer.from(text);
  const ofBody = [...singleBits(bytes)].map(([bit, changed]) => ({
    what: `body ${bit}`,
    secret,
    bytes: changed,
    headers,
  }));
  const ofHeaders = parts.flatMap((name) =>
    [...singleBits(Buffer.from(headers[name]!))].map(([bit, changed]) => {
      const what = `${name} ${bit}: ${changed.toString('latin1')}`;
      return { what, secret, bytes, headers: { ...headers, [name]: changed.toString('latin1') } };
    }),
  );
  return [...ofBody, ...ofHeaders];
});

/** Skipped by name where there is no Python; `.ci/run` installs it and lets nothing be skipped. */
const python = spawnSync('python3', ['--version']).status === 0 ? test : test.skip;

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

  test('is refused after any of ten thousand single bits has changed, whichever part it is of', () => {
    const accepted = tampered.filter(({ secret, bytes, headers }) => {
      try {
        return new Webhook(secret).verify(bytes, headers) !== undefined;
      } catch {
        return false;
      }
    });
    expect(accepted.map(({ what }) => what)).toEqual([]);
    expect(tampered.length).toBeGreaterThanOrEqual(10_000);
    expect(new Set(tampered.map(({ what }) => what.split(' ')[0]))).toEqual(new Set([...parts, 'body']));
    for (const { secret, text, headers } of whole) expect(new Webhook(secret).verify(text, headers)).toBeTruthy();
  });

  test('is refused by standardwebhooks when it is older or newer than the standard tolerates, and not before', () => {
    const cases = aged();
    const refusals = cases.map(({ secret, bytes, headers }) => {
      try {
        return new Webhook(secret).verify(bytes, headers) !== undefined ? undefined : 'nothing';
      } catch (error) {
        return (error as Error).message;
      }
    });
    const early = 'Message timestamp too new';
    const late = 'Message timestamp too old';
    expect(refusals).toEqual([undefined, undefined, undefined, late, early, 'No matching signature found']);
  });

  python('is accepted by a verifier in Python that shares no code with us', () => {
    const cases = Array.from({ length: 100 }, (_, at) => {
      const secrets = [newSecret(), newSecret()];
      const text = JSON.stringify({ at, text: 'ü🙂'.repeat(at) });
      return {
        secret: secrets[at % 2]!,
        bytes: Buffer.from(text),
        headers: signed({ id: `msg_${at}`, body: text, secrets }),
      };
    });
    expect(verifiedInPython(cases)).toEqual(cases.map(() => true));
  });

  python('is refused by the verifier in Python by its age alone, too', () => {
    const cases = aged();
    expect(verifiedInPython(cases)).toEqual(cases.map(({ fresh }) => fresh));
  });

  python('is refused by the verifier in Python after a bit of any part has changed', () => {
    // One of nineteen: prime to the bits of a byte, so that each bit has its turn.
    const share = tampered.filter((_, at) => at % 19 === 0);
    expect(share.length).toBeGreaterThan(500);
    const verified = verifiedInPython(share);
    expect(verified).toHaveLength(share.length);
    expect(share.filter((_, at) => verified[at]).map(({ what }) => what)).toEqual([]);
  });
});

function verifiedInPython(cases: readonly Signed[]): readonly boolean[] {
  const input = cases.map(({ bytes, ...each }) => ({ ...each, body: bytes.toString('base64') }));
  const done = spawnSync('python3', ['-c', verifier], { input: JSON.stringify(input), encoding: 'utf8' });
  expect(done.stderr).toBe('');
  return JSON.parse(done.stdout) as readonly boolean[];
}

// By the text of the specification, with the standard library alone.
const verifier = `
import base64, hashlib, hmac, json, sys, time

TOLERANCE = 5 * 60

def verify(case):
    headers = case["headers"]
    key = base64.b64decode(case["secret"].removeprefix("whsec_"), validate=True)
    signed = f'{headers["webhook-id"]}.{headers["webhook-timestamp"]}.'.encode() + base64.b64decode(case["body"])
    expected = b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    given = headers["webhook-signature"].split(" ")
    if not any(hmac.compare_digest(each.encode(), expected) for each in given):
        return False
    return abs(time.time() - int(headers["webhook-timestamp"])) <= TOLERANCE

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
