import type { Code } from './errors.js';

/** One major version of an API as it is served. */
export interface Major {
  /** Newest version first, `MAJOR.MINOR.PATCH`. */
  readonly versions: readonly string[];
  /** Status codes that differ from the facade's table (v1 answers 400 where v2 has 409 or 422). */
  readonly statuses?: Partial<Record<Code, number>>;
  /** Status of a deletion that succeeded; 204 when absent. */
  readonly deleted?: 200;
}

export interface Api {
  readonly name: string;
  /** Further spellings of the path; every one is served and echoed in the links of its answers. */
  readonly aliases: readonly string[];
  readonly title: string;
  /** False for dialects that know neither api_versions nor the `Version` header. */
  readonly versioned: boolean;
  readonly majors: Readonly<Record<string, Major>>;
}

/** Every REST API that presenters may name. */
export const apis: readonly Api[] = [
  {
    name: 'o2ims-infrastructureInventory',
    aliases: ['O2ims_infrastructureInventory'],
    title: 'O2-IMS infrastructure inventory',
    versioned: true,
    majors: {
      v1: { versions: ['1.2.0', '1.1.0', '1.0.0'], statuses: { CONFLICT: 400, UNPROCESSABLE: 400 }, deleted: 200 },
      v2: { versions: ['2.0.0'] },
    },
  },
  {
    name: 'o2ims',
    aliases: [],
    title: 'Wrapped lists for clients of the o2ims dialect',
    versioned: false,
    majors: { v1: { versions: ['1.0.0'] } },
  },
];
