import { changes, type Disturbance } from './changes.js';
import { site, startOCloud, type GatewayProcess, type OCloudProcess, type Site } from './gateway-process.js';

/** A gateway that has read a simulated O-Cloud. */
export interface World {
  readonly site: Site;
  readonly oCloud: OCloudProcess;
  readonly gateway: GatewayProcess;
  /** 50 objects change each second. */
  readonly changing: Disturbance;
  close(): Promise<void>;
}

/** @param flags of node, for the gateway's process */
export async function openWorld(resources: number, pools: number, flags: readonly string[] = []): Promise<World> {
  const oCloud = await startOCloud(resources, pools);
  const place = await site({ type: 'simulator', options: { url: oCloud.url } });
  const gateway = await place.startGateway(undefined, flags);
  await gateway.synced;
  return {
    site: place,
    oCloud,
    gateway,
    changing: await changes(oCloud.url, 50),
    async close() {
      await gateway.stop();
      await oCloud.stop();
      await place.close();
    },
  };
}
