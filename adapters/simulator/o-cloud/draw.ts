/** 32 well-mixed bits from a number and a salt (the finaliser of MurmurHash3). */
export function mix(value: number, salt: number): number {
  let bits = value ^ Math.imul(salt + 1, 0x9e3779b9);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** Where everything about an object is drawn from: the same for the same seed and id (FNV-1a, mixed). */
export function drawOf(seed: number, id: string): number {
  let bits = 0x811c9dc5;
  for (let at = 0; at < id.length; at++) bits = Math.imul(bits ^ id.charCodeAt(at), 0x01000193);
  return mix(bits, seed);
}

/** One of several, by a draw and a salt that tells one question about an object from another. */
export function pick<T>(draw: number, salt: number, from: readonly T[]): T {
  return from[mix(draw, salt) % from.length]!;
}

/** An endless sequence of numbers in [0, 1), the same for the same seed (mulberry32). */
export function sequenceOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296;
  };
}
