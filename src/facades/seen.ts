// As many as the memory of URLs can hold, at least; GraphQL keeps fewer.
const slots = 8192;

/** The last texts that were seen, by their hashes alone: 32 KiB, whatever comes. One that is taken for another does no harm. */
export class Seen {
  readonly #hashes = new Int32Array(slots);

  /** Whether the text was seen before, as far as is known; it is now. */
  before(text: string): boolean {
    // FNV-1a; 0 stands for nothing.
    let hash = 0x811c9dc5;
    for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
    hash |= 1;
    const at = (hash >>> 8) % slots;
    const known = this.#hashes[at] === hash;
    this.#hashes[at] = hash;
    return known;
  }
}
