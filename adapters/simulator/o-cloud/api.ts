/** The shapes of the O-Cloud's own JSON API, `/v1/<kind>`: an inventory as a vendor would spell it, nothing of O2. */
export interface Site {
  readonly id: string;
  readonly version: number;
  readonly name: string;
  readonly tier: Tier;
  readonly city: string;
  readonly region: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  readonly street: string;
  readonly house: string;
  readonly postalCode: string;
  /** Degrees, WGS 84. */
  readonly latitude: number;
  readonly longitude: number;
  /** Metres above the sea. */
  readonly altitude: number;
}

export type Tier = 'central' | 'regional' | 'edge';

export type Category =
  'server' | 'array' | 'switch' | 'cpu' | 'memory' | 'nic' | 'accelerator' | 'clock' | 'drive' | 'optic';

/** A product of the catalogue; equipment and components name it. */
export interface Model {
  readonly id: string;
  readonly version: number;
  readonly category: Category;
  readonly vendor: string;
  readonly name: string;
  readonly revision: string;
  readonly summary: string;
  readonly specs: Attributes;
}

/** What operators write beside the fields that the O-Cloud knows: JSON of whatever shape. */
export type Attributes = Readonly<Record<string, Json>>;
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export interface Pool {
  readonly id: string;
  readonly version: number;
  readonly name: string;
  readonly summary: string;
  readonly site: string;
  readonly tier: Tier;
  readonly purpose: string;
  /** Where it stands, in words. */
  readonly place: string;
  /** Tenant; null is shared. */
  readonly owner: string | null;
  readonly attributes: Attributes;
}

export type Health = 'ok' | 'degraded' | 'failed';

/** A server, a storage array or a switch, with what is plugged into it. */
export interface Equipment {
  readonly id: string;
  readonly version: number;
  readonly pool: string;
  readonly model: string;
  readonly assetTag: string;
  readonly hostname: string;
  readonly summary: string;
  readonly rack: string;
  /** Height of its lowest unit in the rack. */
  readonly unit: number;
  readonly tags: readonly string[];
  readonly groups: readonly string[];
  readonly health: Health;
  readonly locked: boolean;
  readonly owner: string | null;
  readonly attributes: Attributes;
  readonly components: readonly Component[];
}

export interface Component {
  /** Unique in its equipment: `cpu0`. */
  readonly slot: string;
  readonly model: string;
  readonly serial: string;
}

/** A Kubernetes cluster that runs on a pool. */
export interface Cluster {
  readonly id: string;
  readonly version: number;
  readonly name: string;
  readonly summary: string;
  readonly site: string;
  readonly pool: string;
  readonly owner: string | null;
  readonly endpoint: string;
  readonly kubernetes: string;
  readonly nodes: number;
  readonly cores: number;
  readonly memoryGiB: number;
  /** Secret with `ca.crt`, `tls.crt` and `tls.key`: `<namespace>/<name>`. */
  readonly accessSecret: string;
  readonly user: string;
}

export interface Documents {
  readonly sites: Site;
  readonly models: Model;
  readonly pools: Pool;
  readonly equipment: Equipment;
  readonly clusters: Cluster;
}

export type Kind = keyof Documents;

/** In the order in which they refer to each other. */
export const kinds = ['sites', 'models', 'pools', 'equipment', 'clusters'] as const satisfies readonly Kind[];

/** One change, as `/v1/watch` tells it and as every write answers it. `sequence` is the new version of the object. */
export type ChangeLine =
  | {
      readonly type: 'put';
      readonly sequence: number;
      readonly kind: Kind;
      readonly id: string;
      readonly object: Documents[Kind];
    }
  | { readonly type: 'drop'; readonly sequence: number; readonly kind: Kind; readonly id: string };

export type WatchLine = ChangeLine | { readonly type: 'beat'; readonly sequence: number };

/** Answer of `GET /v1/about`. */
export interface About {
  readonly product: string;
  readonly apiVersion: string;
  /** Sequence of the newest change: where a watch after a list begins. */
  readonly sequence: number;
  readonly objects: Readonly<Record<Kind, number>>;
}

/** Answer of every write: what it was about, and everything that changed with it. */
export interface WriteAnswer {
  readonly id: string;
  readonly changes: readonly ChangeLine[];
}

/** Body of every answer from 400 on. */
export interface ErrorAnswer {
  readonly error: { readonly code: string; readonly message: string };
}
