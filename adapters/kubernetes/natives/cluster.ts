import { readJson, type Request } from '../reflector/request.js';

/** What the API server says about the cluster as a whole. */
export interface SlimCluster {
  /** Such as `v1.36.3`. */
  readonly version: string;
  /** Such as `linux/amd64`. */
  readonly platform: string;
  /** Names of the API groups it serves: which operators are installed. */
  readonly apiGroups: readonly string[];
}

export async function readCluster(request: Request, signal: AbortSignal, answerWithin: number): Promise<SlimCluster> {
  const get = async (path: string) => readJson(await request({ path, signal, answerWithin }));
  const [version, apis] = await Promise.all([get('/version'), get('/apis')]);
  const { gitVersion, platform } = version as { gitVersion: string; platform: string };
  const { groups } = apis as { groups: readonly { name: string }[] };
  return { version: gitVersion, platform, apiGroups: groups.map(({ name }) => name).sort() };
}
