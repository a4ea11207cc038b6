/** How far a native kind is known. `answered`: it was read or refused. `current`: what is known is so now. */
interface KindState {
  answered: boolean;
  read: boolean;
  current: boolean;
}

/** How far the native kinds of an instance are known. */
export class KindStates {
  readonly #states: ReadonlyMap<string, KindState>;

  constructor(kinds: Iterable<string>) {
    this.#states = new Map([...kinds].map((kind) => [kind, { answered: false, read: false, current: false }]));
  }

  note({ type, kind }: { readonly type: 'complete' | 'stale' | 'current'; readonly kind: string }): void {
    const state = this.#states.get(kind);
    if (!state) return;
    state.answered = true;
    if (type === 'complete') state.read = true;
    state.current = type !== 'stale' && state.read;
  }

  all(kinds: readonly string[], has: keyof KindState): boolean {
    return kinds.every((kind) => this.#states.get(kind)![has]);
  }
}
