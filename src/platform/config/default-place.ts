import type { Configuration } from './model.js';

const name = 'default';

/**
 * Adds the site `default` and, when it needs one, the location `default`: a pool whose zone nobody named still has a site.
 */
export function withDefaultPlace(configuration: Configuration): Configuration {
  if (configuration.sites.some((site) => site.name === name)) return configuration;
  const site = { name, description: 'Pools whose zone no site names.', globalLocationId: name, zones: [] };
  const location = {
    globalLocationId: name,
    name,
    description: 'Place of the default site.',
    address: 'not configured',
  };
  const known = configuration.locations.some((each) => each.globalLocationId === name);
  return {
    ...configuration,
    sites: [...configuration.sites, site],
    locations: known ? configuration.locations : [...configuration.locations, location],
  };
}
