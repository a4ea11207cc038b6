import { authorized } from './gateway-process.js';
import { answerTo, type Recorded } from './recorded.js';

export const inventory = '/o2ims-infrastructureInventory/v2';

interface Pool {
  readonly resourcePoolId: string;
}
export interface Resource {
  readonly resourceId: string;
  readonly groups: readonly string[];
  /** Only when all fields were asked for. */
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** Reads a path of the gateway. Throws unless it is answered 200. */
export async function read(url: string, path: string): Promise<Recorded> {
  const answer = await answerTo(url, { path, headers: authorized });
  if (answer.status === 200) return answer;
  throw new Error(`${path} was answered ${answer.status}: ${answer.body.toString()}`);
}

function parsed<T>({ body }: Recorded): T {
  return JSON.parse(body.toString()) as T;
}

/** Paths of the resource lists of all pools. */
export async function resourceLists(url: string): Promise<readonly string[]> {
  const pools = parsed<readonly Pool[]>(await read(url, `${inventory}/resourcePools`));
  return pools.map(({ resourcePoolId }) => `${inventory}/resourcePools/${resourcePoolId}/resources`);
}

/** The path of every page of a list, and what stands on it, by following the links as a client does. */
export async function pagesOf(
  url: string,
  list: string,
): Promise<readonly { path: string; resources: readonly Resource[] }[]> {
  const pages = [];
  for (let path: string | undefined = list; path !== undefined;) {
    const answer: Recorded = await read(url, path);
    pages.push({ path, resources: parsed<readonly Resource[]>(answer) });
    path = nextOf(answer);
  }
  return pages;
}

function nextOf({ headers }: Recorded): string | undefined {
  const at = headers.findIndex((name) => name.toLowerCase() === 'link');
  const link = at < 0 ? undefined : /^<([^>]+)>; rel="next"$/.exec(headers[at + 1]!);
  return link ? link[1]!.replace(/^https?:\/\/[^/]+/, '') : undefined;
}
