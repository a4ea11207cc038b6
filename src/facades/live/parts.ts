interface Own {
  readonly all: Map<string, { readonly size: number; times: number }>;
  /** Of all of them. */
  size: number;
}

/** Who takes part in what, and how large all of that is: a thing counts once, however often somebody takes part in it. */
export class Parts {
  readonly #all = new Map<string, Own>();

  /** Whether it would be more than so much. */
  wouldPass(most: number, who: string, key: string, size = 1): boolean {
    const own = this.#all.get(who);
    return own?.all.has(key) !== true && (own?.size ?? 0) + size > most;
  }

  join(who: string, key: string, size = 1): void {
    const own = this.#all.get(who) ?? { all: new Map(), size: 0 };
    this.#all.set(who, own);
    const known = own.all.get(key);
    if (known) known.times += 1;
    else {
      own.all.set(key, { size, times: 1 });
      own.size += size;
    }
  }

  leave(who: string, key: string): void {
    const own = this.#all.get(who)!;
    const known = own.all.get(key)!;
    known.times -= 1;
    if (known.times > 0) return;
    own.all.delete(key);
    own.size -= known.size;
    if (own.all.size === 0) this.#all.delete(who);
  }
}
