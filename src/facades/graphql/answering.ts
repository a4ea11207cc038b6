/**
 * An operation that is being answered, as graphql-ws waits for its end: nothing is ever yielded, because who answers writes to
 * the socket itself. It ends when all is said or the client leaves, or fails with why it cannot go on.
 */
export class Answering implements AsyncGenerator<never, void, void> {
  readonly #end = Promise.withResolvers<IteratorResult<never, void>>();
  readonly #ended: () => void;
  #over = false;

  constructor(ended: () => void) {
    this.#ended = ended;
    // It may fail before anybody waits.
    this.#end.promise.catch(() => undefined);
  }

  get over(): boolean {
    return this.#over;
  }

  next(): Promise<IteratorResult<never, void>> {
    return this.#end.promise;
  }

  return(): Promise<IteratorResult<never, void>> {
    this.#finish();
    this.#end.resolve({ done: true, value: undefined });
    return this.#end.promise;
  }

  throw(error: unknown): Promise<IteratorResult<never, void>> {
    this.#finish();
    this.#end.reject(error);
    return this.#end.promise;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#ended();
  }
}
