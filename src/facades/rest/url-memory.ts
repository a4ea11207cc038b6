import { LRUCache } from 'lru-cache';
import { Seen } from '../seen.js';
import type { Place } from './answers.js';
import { apiOf, readTarget, type Target } from './request.js';
import type { Route } from './routes.js';

/** Where the answers of one URL are kept: by scope, then by version. */
type Places = Map<string, Map<string, Place>>;

/** A URL that was read. */
export interface Known {
  readonly target: Target;
  readonly places: Places;
}

interface UrlMemory {
  /** Reads a URL; undefined when it belongs to no API. */
  read(url: string): Known | undefined;
  /** Remembers a URL from the second time on; true when its answers are worth keeping too. */
  remember(url: string, known: Known): boolean;
}

// A parsed URL takes up to 40 times its length; a long one is read anew every time.
const rememberedBytes = 32 * 1024 * 1024;
const longestRemembered = 1024;
const perCharacter = 40;

/**
 * What URLs say and where their answers are. What is asked for once is forgotten at once: to keep it costs more than it saves
 * (25,000 different pages: a scavenge took 9 ms instead of 4, and 2 MB of each stayed until the next full collection).
 */
export function urlMemory({
  routes,
  strict,
}: {
  readonly routes: readonly Route[];
  readonly strict: boolean;
}): UrlMemory {
  const all = new LRUCache<string, Known>({
    maxSize: rememberedBytes,
    sizeCalculation: (_known, url) => url.length * perCharacter + 1024,
  });
  const seen = new Seen();
  return {
    read(url) {
      const hit = all.get(url);
      if (hit) return hit;
      const at = apiOf(url);
      return at && { target: readTarget(routes, at, url, strict), places: new Map() };
    },
    remember(url, known) {
      if (url.length > longestRemembered) return false;
      if (all.has(url)) return true;
      const again = seen.before(url);
      if (again) all.set(url, known);
      return again;
    },
  };
}

/** By texts that live on, whose hashes are known: one text of scope, version and URL would be hashed anew every time. */
export function placeOf(places: Places, scope: string, version: string): Place {
  let ofScope = places.get(scope);
  if (!ofScope) places.set(scope, (ofScope = new Map()));
  let place = ofScope.get(version);
  if (!place) ofScope.set(version, (place = {}));
  return place;
}
