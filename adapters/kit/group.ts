/** What natives contribute to one object: told in the order of the natives' identities, whatever the order they came in. */
export class Group {
  readonly #byNative = new Map<string, readonly unknown[]>();
  #order: readonly string[] | undefined;

  get size(): number {
    return this.#byNative.size;
  }

  /** Whether that changed anything; contributions that are the same object are the same. */
  set(native: string, contributions: readonly unknown[]): boolean {
    const before = this.#byNative.get(native);
    if (before?.length === contributions.length && before.every((each, at) => each === contributions[at])) return false;
    if (!before) this.#order = undefined;
    this.#byNative.set(native, contributions);
    return true;
  }

  delete(native: string): void {
    if (this.#byNative.delete(native)) this.#order = undefined;
  }

  contributions(): readonly unknown[] {
    this.#order ??= [...this.#byNative.keys()].sort();
    return this.#order.flatMap((native) => this.#byNative.get(native)!);
  }
}
