/** Names of everything that is kept, all behind one prefix. Only leases and token buckets ever expire. */
export class Keys {
  readonly prefix: string;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  /** Number of the layout below. */
  readonly schema = () => `${this.prefix}schema`;
  /** Stream; the id of an entry is `<seq>-0`. */
  readonly log = () => `${this.prefix}log`;
  /** Hash: `seq` and `tag` of the newest entry, `total` bytes of all that were ever written. */
  readonly head = () => `${this.prefix}head`;
  /** `seq` that was last asked to be confirmed: written so that there is something to wait for. */
  readonly confirmed = () => `${this.prefix}confirmed`;
  /** Hash: name of a list to the position that touched it last. */
  readonly marks = () => `${this.prefix}marks`;
  /** Hash: instance to its place in its watch. */
  readonly cursors = () => `${this.prefix}cursors`;
  /** Set of the object types there are. */
  readonly types = () => `${this.prefix}types`;
  /** Hash: id to `<position> <JSON>`. */
  readonly objects = (object: string) => `${this.prefix}objects:${object}`;
  /** Set of `<object>/<id>`; may name objects that have left the instance. */
  readonly of = (instance: string) => `${this.prefix}of:${instance}`;
  /** Hash: id to `<revision> <JSON>`. */
  readonly documents = (kind: string) => `${this.prefix}documents:${kind}`;
  /** Sorted set of the ids of a kind, all of one score: in the order of their bytes. */
  readonly documentIds = (kind: string) => `${this.prefix}document-ids:${kind}`;
  /** `<epoch> <holder>`; expires with the lease. */
  readonly lease = (name: string) => `${this.prefix}lease:${name}`;
  /** Hash: name of a lease to its last epoch, which outlives it. */
  readonly epochs = () => `${this.prefix}epochs`;
  /** Time at which the bucket is full again; expires then. */
  readonly tokens = (bucket: string) => `${this.prefix}tokens:${bucket}`;
  readonly audit = () => `${this.prefix}audit`;
  /** Channel that is told of every append. */
  readonly appended = () => `${this.prefix}appended`;
}
