import { randomBytes } from 'node:crypto';

/** Ids of requests: the caller's own if it is a plain token, else ours (random prefix per process and a counter). */
export function requestIds(): (given: string | string[] | undefined) => string {
  const prefix = randomBytes(6).toString('hex');
  let count = 0;
  return (given) => {
    if (typeof given === 'string' && /^[\w.:-]{1,64}$/.test(given)) return given;
    count += 1;
    return `${prefix}-${count.toString(36)}`;
  };
}
