import { oCloudId, openGatewayUnderTest } from './gateway-under-test.js';

/** A gateway in front of a simulated O-Cloud that stands still, for tests that know nothing of how it is made. */
export async function startGoldenGateway(): Promise<{
  readonly url: string;
  readonly apiRoot: string;
  close(): Promise<void>;
}> {
  const { url, close } = await openGatewayUnderTest({
    simulators: { golden: { embedded: { seed: 7, size: 900, changesPerSecond: 0 } } },
    yaml: `oCloud: { oCloudId: ${oCloudId}, name: golden, description: The O-Cloud of the golden tests }`,
  });
  return { url, apiRoot: url, close };
}
