const longest = 60_000;

/** Objects just written by us at a backend whose versions have no order: what the watcher says of them may be older. */
export interface Pins {
  pin(id: string, version: string | undefined, now: number): void;
  /** Whether a report may count: the pinned version itself ends the pin, 60 s do too. */
  admits(id: string, version: string | undefined, now: number): boolean;
}

export function pins(): Pins {
  const pinned = new Map<string, { readonly version: string; readonly until: number }>();
  return {
    pin(id, version, now) {
      if (version !== undefined) pinned.set(id, { version, until: now + longest });
    },
    admits(id, version, now) {
      const pin = pinned.get(id);
      if (pin === undefined) return true;
      const over = version === pin.version || now > pin.until;
      if (over) pinned.delete(id);
      return over;
    },
  };
}
