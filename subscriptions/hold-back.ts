/** A loss this large at once is believed only when a second complete list agrees. */
const share = 0.3;
const count = 20;
const confirmAfter = 30_000;

export interface HoldBack {
  /**
   * Which of `missing` may be deleted now. A suspicious loss is held until a complete list at least 30 s later misses the
   * same objects.
   */
  admit(object: string, missing: readonly string[], known: number, now: number): { readonly deleted: readonly string[]; readonly held: number };
}

export function holdBack(): HoldBack {
  const suspects = new Map<string, { readonly ids: ReadonlySet<string>; readonly since: number }>();
  return {
    admit(object, missing, known, now) {
      if (missing.length <= count || missing.length <= known * share) {
        suspects.delete(object);
        return { deleted: missing, held: 0 };
      }
      const suspect = suspects.get(object);
      if (suspect === undefined) suspects.set(object, { ids: new Set(missing), since: now });
      if (suspect === undefined || now - suspect.since < confirmAfter) return { deleted: [], held: missing.length };
      suspects.delete(object);
      const deleted = missing.filter((id) => suspect.ids.has(id));
      return { deleted, held: missing.length - deleted.length };
    },
  };
}
