/** Schema of the file, one step per release that changed it; a step that was released is never edited. */
export const migrations: readonly string[] = [
  `
  -- total: bytes of all entries up to and including this one, so that the size of any stretch is one subtraction.
  CREATE TABLE log (
    seq INTEGER PRIMARY KEY, tag TEXT NOT NULL, at INTEGER NOT NULL, bytes INTEGER NOT NULL, total INTEGER NOT NULL,
    change TEXT NOT NULL, baseline INTEGER NOT NULL, object TEXT NOT NULL, id TEXT NOT NULL, tenant TEXT,
    instance TEXT NOT NULL, identity TEXT, native_version TEXT, projection TEXT, value TEXT, reverse_patch TEXT
  ) STRICT;

  -- id first: compare-and-set names an object by its id alone.
  CREATE TABLE objects (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL, object TEXT NOT NULL, tenant TEXT, instance TEXT NOT NULL,
    identity TEXT NOT NULL, native_version TEXT, projection TEXT NOT NULL, seq INTEGER NOT NULL, tag TEXT NOT NULL,
    value TEXT NOT NULL, UNIQUE (id, object)
  ) STRICT;
  CREATE INDEX objects_of_instance ON objects (instance);

  CREATE TABLE marks (name TEXT PRIMARY KEY, seq INTEGER NOT NULL, tag TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE cursors (instance TEXT PRIMARY KEY, cursor TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE documents (
    kind TEXT NOT NULL, id TEXT NOT NULL, revision INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, id)
  ) STRICT;
  CREATE TABLE leases (name TEXT PRIMARY KEY, epoch INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE audit (seq INTEGER PRIMARY KEY, at TEXT NOT NULL, entry TEXT NOT NULL) STRICT;
  `,
  `
  -- Bytes up to and including this entry, as in the log.
  ALTER TABLE audit ADD COLUMN total INTEGER NOT NULL DEFAULT 0;
  UPDATE audit SET total = sums.total FROM
    (SELECT seq, sum(octet_length(entry)) OVER (ORDER BY seq) AS total FROM audit) AS sums WHERE audit.seq = sums.seq;
  `,
];
