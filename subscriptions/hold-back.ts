/** A loss this large at once is believed only when a second complete list agrees. */
const share = 0.3;
const count = 20;
const confirmAfter = 30_000;

/** What complete lists did not name of one object. */
export interface Loss {
  readonly object: string;
  readonly missing: readonly string[];
  /** How many were known, the missing ones among them. */
  readonly known: number;
}

export interface HoldBack {
  /**
   * Which of the missing may be deleted now, by object. While a loss is suspicious, nothing of the instance is deleted that was
   * not missed by every complete list of 30 s: the pools of resources that vanished are no safer than the resources.
   */
  admit(losses: readonly Loss[], now: number): ReadonlyMap<string, readonly string[]>;
}

export function holdBack(): HoldBack {
  /** Missed by every list since that time, by object and id. */
  const suspects = new Map<string, Map<string, number>>();
  return {
    admit(losses, now) {
      const objects = new Set(losses.map(({ object }) => object));
      const elsewhere = [...suspects.keys()].some((object) => !objects.has(object));
      const suspicious = elsewhere || losses.some(isSuspicious) || isSuspicious(sum(losses));
      const admitted = new Map<string, readonly string[]>();
      for (const { object, missing } of losses) {
        const before = suspects.get(object);
        const since = new Map(missing.map((id) => [id, before?.get(id) ?? now]));
        const deleted = suspicious ? missing.filter((id) => now - since.get(id)! >= confirmAfter) : missing;
        for (const id of deleted) since.delete(id);
        if (since.size > 0) suspects.set(object, since);
        else suspects.delete(object);
        admitted.set(object, deleted);
      }
      return admitted;
    },
  };
}

function isSuspicious({ missing, known }: { readonly missing: readonly unknown[]; readonly known: number }): boolean {
  return missing.length > count && missing.length > known * share;
}

function sum(losses: readonly Loss[]): { readonly missing: readonly string[]; readonly known: number } {
  return {
    missing: losses.flatMap(({ missing }) => missing),
    known: losses.reduce((all, { known }) => all + known, 0),
  };
}
