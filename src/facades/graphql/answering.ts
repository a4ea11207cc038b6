/**
 * The end of a live stream, as graphql-ws waits for it: nothing is ever yielded, because the hub writes to the socket itself.
 * It ends when the client leaves, or fails with why it cannot go on.
 */
export class Endless implements AsyncGenerator<never, void, void> {
  readonly #end = Promise.withResolvers<IteratorResult<never, void>>();
  readonly #left: () => void;

  constructor(left: () => void) {
    this.#left = left;
    // It may fail before anybody waits.
    this.#end.promise.catch(() => undefined);
  }

  next(): Promise<IteratorResult<never, void>> {
    return this.#end.promise;
  }

  return(): Promise<IteratorResult<never, void>> {
    this.#left();
    this.#end.resolve({ done: true, value: undefined });
    return this.#end.promise;
  }

  throw(error: unknown): Promise<IteratorResult<never, void>> {
    this.#left();
    this.#end.reject(error);
    return this.#end.promise;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
