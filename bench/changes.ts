import { Agent, request } from 'node:http';
import { answerTo } from './recorded.js';

/** Lets objects change until it is told to stop. */
export type Disturbance = () => Promise<{ stop(): Promise<void> }>;

const agent = new Agent({ keepAlive: true, maxSockets: 4 });

/** Equipment of an O-Cloud is rewritten, some each second, spread over all of it. */
export async function changes(oCloud: string, perSecond: number): Promise<Disturbance> {
  const { body } = await answerTo(oCloud, { path: '/v1/equipment' });
  const ids = body
    .toString()
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { readonly id: string }).id);
  let made = 0;
  const change = (): Promise<void> => {
    // A stride that meets every object once before it meets one twice.
    const id = ids[(made * 7919) % ids.length]!;
    made += 1;
    return patch(oCloud, `/v1/equipment/${id}`, { summary: `Changed by the bench for the ${made}th time` });
  };
  return () => {
    const began = performance.now();
    let pending: Promise<unknown> = Promise.resolve();
    let due = 0;
    const timer = setInterval(() => {
      const until = ((performance.now() - began) / 1000) * perSecond;
      const all = [pending];
      for (; due < until; due += 1) all.push(change());
      pending = Promise.all(all);
    }, 20);
    return Promise.resolve({
      async stop() {
        clearInterval(timer);
        await pending;
      },
    });
  };
}

function patch(oCloud: string, path: string, body: object): Promise<void> {
  const text = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) };
    const asked = request(new URL(path, oCloud), { agent, method: 'PATCH', headers }, (response) => {
      response.resume();
      response.on('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`PATCH ${path} was answered ${response.statusCode}.`));
      });
    });
    asked.on('error', reject);
    asked.end(text);
  });
}
