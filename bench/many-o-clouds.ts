import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startOCloud, type OCloud } from '#adapters/simulator/o-cloud/start.js';

/** What can befall an O-Cloud of the fleet; `flap` breaks and heals it twice a second, `gone` ends it. */
export type Trouble = 'none' | 'hang' | 'status' | 'flap' | 'garbage' | 'gone';

/** One O-Cloud whose troubles come and go. */
interface Patient {
  readonly url: string;
  suffer(trouble: Trouble): Promise<void>;
}

const size = 100;

async function patient(seed: number): Promise<Patient> {
  const options = { seed, size, pools: 4, changesPerSecond: 1, heartbeat: 250 };
  let oCloud: OCloud | undefined = await startOCloud(options);
  const { url } = oCloud;
  let flapping: NodeJS.Timeout | undefined;
  let present: Trouble = 'none';
  return {
    url,
    async suffer(trouble) {
      // A heal cuts what is under way: those who are well are left alone.
      if (trouble === present) return;
      present = trouble;
      clearInterval(flapping);
      if (trouble === 'gone') {
        await oCloud?.close();
        oCloud = undefined;
        return;
      }
      const well = (oCloud ??= await startOCloud({ ...options, port: Number(new URL(url).port) }));
      well.fault();
      if (trouble === 'hang') well.fault({ hang: true });
      if (trouble === 'status') well.fault({ status: 500 });
      if (trouble === 'garbage') well.fault({ garbage: true });
      if (trouble !== 'flap') return;
      let broken = false;
      flapping = setInterval(() => well.fault((broken = !broken) ? { status: 503 } : undefined), 250);
    },
  };
}

/** Many O-Clouds in one process: prints a line of JSON with their URLs and the one that takes `POST { troubles: […] }`. */
const count = Number(process.argv[2]);
const fleet: Patient[] = [];
for (let at = 0; at < count; at += 1) {
  fleet.push(await patient(at + 1));
  // Each changes once a second; not all at the same moment.
  await sleep(1000 / count);
}
const control = createServer((request, response) => {
  let text = '';
  request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  request.on('end', () => {
    const { troubles } = JSON.parse(text) as { readonly troubles: readonly Trouble[] };
    void Promise.all(fleet.map((each, at) => each.suffer(troubles[at] ?? 'none'))).then(() => response.end());
  });
});
control.listen(0, '127.0.0.1', () => {
  const { port } = control.address() as AddressInfo;
  const urls = fleet.map(({ url }) => url);
  process.stdout.write(`${JSON.stringify({ control: `http://127.0.0.1:${port}`, urls })}\n`);
});
