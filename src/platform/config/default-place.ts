import type { Configuration } from './model.js';

const name = 'default';

/** Added when none is configured; shown only where a backend needs it, because an O2 site has at least one pool. */
export const defaultSite = { name, description: 'Pools whose zone no site names.', globalLocationId: name, zones: [] };
export const defaultLocation = {
  globalLocationId: name,
  name,
  description: 'Place of the default site.',
  address: 'not configured',
};

/**
 * Adds the site `default` and, when it needs one, the location `default`: a pool whose zone nobody named still has a site.
 */
export function withDefaultPlace(configuration: Configuration): Configuration {
  if (configuration.sites.some((site) => site.name === name)) return configuration;
  const known = configuration.locations.some((each) => each.globalLocationId === name);
  return {
    ...configuration,
    sites: [...configuration.sites, defaultSite],
    locations: known ? configuration.locations : [...configuration.locations, defaultLocation],
  };
}
