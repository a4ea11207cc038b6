import type { Configuration } from './model.js';
import type { Broken, Rule } from './rules.js';
import { suggestion } from '#schema/suggestion.js';

type Path = readonly (string | number)[];

/** Rules about names inside the configuration: each stands once, and whoever uses it uses one that exists. */
export const references: readonly Rule[] = [
  unique('backend-keys-are-unique', 'backends', 'key', ({ backends }) => backends.map(({ key }) => key)),
  unique('locations-are-unique', 'locations', 'globalLocationId', ({ locations }) =>
    locations.map((each) => each.globalLocationId),
  ),
  unique('site-names-are-unique', 'sites', 'name', ({ sites }) => sites.map(({ name }) => name)),
  unique('site-ids-are-unique', 'sites', 'oCloudSiteId', ({ sites }) => sites.map(({ oCloudSiteId }) => oCloudSiteId)),
  unique('token-names-are-unique', 'tokens', 'name', ({ tokens }) => tokens.map(({ name }) => name)),
  unique(
    'tokens-are-unique',
    'tokens',
    'sha256',
    ({ tokens }) => tokens.map(({ sha256 }) => sha256),
    'Another token has the same hash.',
  ),
  {
    name: 'a-zone-has-one-site',
    *check({ sites }) {
      const seen = new Map<string, string>();
      for (const [at, { name, zones }] of sites.entries())
        for (const [zoneAt, zone] of zones.entries()) {
          const other = seen.get(zone);
          if (other !== undefined)
            yield {
              path: ['sites', at, 'zones', zoneAt],
              message: `Zone '${zone}' belongs to site '${other}' already.`,
            };
          seen.set(zone, name);
        }
    },
  },
  {
    name: 'sites-have-a-location',
    *check({ sites, locations }) {
      const known = new Set(locations.map(({ globalLocationId }) => globalLocationId));
      for (const [at, site] of sites.entries())
        yield* unknown(['sites', at, 'globalLocationId'], 'location', site.globalLocationId, known);
    },
  },
  {
    name: 'routes-lead-to-a-backend',
    *check({ routing, backends }) {
      const known = new Set(backends.map(({ key }) => key));
      for (const [at, { instance }] of routing.entries())
        yield* unknown(['routing', at, 'instance'], 'backend', instance, known);
    },
  },
  {
    name: 'tokens-have-known-roles',
    *check({ tokens, roles }, { roles: builtIn }) {
      if (!builtIn) return;
      const known = new Set([...builtIn, ...Object.keys(roles)]);
      for (const [at, token] of tokens.entries())
        for (const [roleAt, role] of token.roles.entries())
          yield* unknown(['tokens', at, 'roles', roleAt], 'role', role, known);
    },
  },
  {
    name: 'roles-hold-known-permissions',
    *check({ roles }, { permissions }) {
      if (!permissions) return;
      const known = new Set([...permissions, '*']);
      for (const [name, held] of Object.entries(roles))
        for (const [at, permission] of held.entries())
          yield* unknown(['roles', name, at], 'permission', permission, known);
    },
  },
  {
    name: 'built-in-roles-stay',
    *check({ roles }, { roles: builtIn = [] }) {
      for (const name of Object.keys(roles).filter((each) => builtIn.includes(each)))
        yield { path: ['roles', name], message: `'${name}' is a built-in role; give yours another name.` };
    },
  },
];

function* unknown(path: Path, what: string, name: string, known: ReadonlySet<string>): Iterable<Broken> {
  if (!known.has(name)) yield { path, message: `There is no ${what} '${name}'.${suggestion(name, known)}` };
}

function unique(
  name: string,
  list: 'backends' | 'locations' | 'sites' | 'tokens',
  attribute: string,
  valuesOf: (configuration: Configuration) => readonly (string | undefined)[],
  message?: string,
): Rule {
  return {
    name,
    *check(configuration) {
      const seen = new Set<string>();
      for (const [at, value] of valuesOf(configuration).entries()) {
        if (value === undefined) continue;
        if (seen.has(value))
          yield { path: [list, at, attribute], message: message ?? `'${value}' is taken already, further up.` };
        seen.add(value);
      }
    },
  };
}
