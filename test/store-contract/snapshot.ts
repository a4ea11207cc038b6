import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { StoredObject } from '#schema/change.js';
import type { Position } from '#schema/position.js';
import { parsed } from '#platform/store/parsed.js';
import type { Entry, Snapshot, Store, UnparsedObject } from '#platform/store/store.js';
import { collect, entry, readAll, write, type Open } from './fixtures.js';

/** More than any implementation reads at once. */
const population = 1050;

/** What the store should hold, as plain maps. */
interface Model {
  readonly objects: Map<string, StoredObject>;
  readonly marks: Map<string, Position>;
}

type Act = { readonly kind: 'put' | 'delete' | 'refresh'; readonly target: number; readonly n: number };
type Step = { readonly kind: 'append'; readonly acts: readonly Act[] } | { readonly kind: 'read' };

const act: fc.Arbitrary<Act> = fc.record({
  kind: fc.constantFrom('put', 'put', 'delete', 'refresh'),
  // Beyond the population: objects that are new.
  target: fc.oneof(fc.nat(population + 5), fc.constantFrom(0, population - 1)),
  n: fc.nat(99),
});
const steps = fc.array<Step>(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('append'), acts: fc.array(act, { minLength: 1, maxLength: 6 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('read') }) },
  ),
  { minLength: 4, maxLength: 30 },
);

/** Applies one batch to store and model. */
async function apply(store: Store, model: Model, acts: readonly Act[]): Promise<void> {
  const entries: Entry[] = [];
  const refreshed = new Map<string, StoredObject>();
  const exists = new Map<string, boolean>();
  for (const { kind, target, n } of acts) {
    const id = `o${target}`;
    const present = exists.get(id) ?? model.objects.has(id);
    const marks = [`list-${n % 5}`];
    if (kind === 'put') entries.push(entry(present ? 'modified' : 'created', id, { n }, {}, marks));
    if (kind === 'delete' && present) entries.push(entry('deleted', id, { n }, {}, marks));
    if (kind === 'refresh' && model.objects.has(id)) {
      refreshed.set(id, { ...model.objects.get(id)!, nativeVersion: `${n}` });
      continue;
    }
    exists.set(id, kind === 'put');
  }
  const untouched = [...refreshed.values()].filter(({ id }) => !exists.has(id));
  const { positions } = await write(store, { entries, refreshed: untouched });
  for (const object of untouched) model.objects.set(object.id, object);
  for (const [index, { id, after, marks }] of entries.entries()) {
    const position = positions[index]!;
    if (after) model.objects.set(id, { ...after, position });
    else model.objects.delete(id);
    for (const mark of marks) model.marks.set(mark, position);
  }
}

/** What a view does: all objects of the snapshot, then the log from its head, older states ignored. */
async function replay(store: Store, head: Position, seen: readonly StoredObject[]): Promise<Map<string, StoredObject>> {
  const objects = new Map(seen.map((object) => [object.id, object]));
  for (let from = head; ;) {
    const changes = await readAll(store, from, 7);
    if (changes.length === 0) return objects;
    for (const { id, position, after } of changes) {
      if ((objects.get(id)?.position.seq ?? 0) >= position.seq) continue;
      if (after) objects.set(id, after);
      else objects.delete(id);
    }
    from = changes.at(-1)!.position;
  }
}

/** Native versions move without an entry, so a snapshot taken before may show the older one. */
const withoutVersions = (objects: ReadonlyMap<string, StoredObject>) =>
  Object.fromEntries([...objects].map(([id, { nativeVersion: _moved, ...rest }]) => [id, rest]));

export function snapshotContract(open: Open): void {
  describe('snapshot', () => {
    test('of an empty store is empty', async () => {
      const { store } = await open();
      const { head, marks, objects } = await store.snapshot();
      expect([head.seq, marks.size, await collect(objects)]).toStrictEqual([0, 0, []]);
    });

    test('does not hold appends up while it is read', async () => {
      const { store } = await open();
      await write(store, { entries: Array.from({ length: population }, (_, n) => entry('created', `o${n}`, {})) });
      const { head, objects } = await store.snapshot();
      const chunks = objects[Symbol.asyncIterator]();
      await chunks.next();
      const { positions } = await write(store, { entries: [entry('modified', 'o0', { n: 1 })] });
      expect(positions[0]!.seq).toBe(head.seq + 1);
      for (let next = await chunks.next(); !next.done; next = await chunks.next())
        expect(next.value.length).toBeGreaterThan(0);
    });

    test('and the log after it make the exact state, whatever is written meanwhile', async () => {
      await fc.assert(
        fc.asyncProperty(steps, fc.nat(29), async (script, when) => {
          const { store } = await open();
          const model: Model = { objects: new Map(), marks: new Map() };
          await apply(
            store,
            model,
            Array.from({ length: population }, (_, target) => ({ kind: 'put', target, n: 0 })),
          );
          const seen: StoredObject[] = [];
          let snapshot: Snapshot | undefined;
          let chunks: AsyncIterator<readonly (StoredObject | UnparsedObject)[]> | undefined;
          for (const [index, step] of script.entries()) {
            if (index === when % script.length) {
              snapshot = await store.snapshot();
              chunks = snapshot.objects[Symbol.asyncIterator]();
              expect(snapshot.marks).toStrictEqual(model.marks);
            }
            if (step.kind === 'append') await apply(store, model, step.acts);
            else seen.push(...((await chunks?.next())?.value ?? []).map(parsed));
          }
          for (let next = await chunks!.next(); !next.done; next = await chunks!.next())
            seen.push(...next.value.map(parsed));
          const replayed = await replay(store, snapshot!.head, seen);
          expect(withoutVersions(replayed)).toStrictEqual(withoutVersions(model.objects));
          const stored = await store.objects([...model.objects.keys()].map((id) => ({ object: 'ResourcePool', id })));
          expect(stored).toStrictEqual([...model.objects.values()]);
          await store.close();
        }),
        { numRuns: 20 },
      );
    });
  });
}
