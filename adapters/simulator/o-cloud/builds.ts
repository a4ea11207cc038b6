import type { Component, Tier } from './api.js';
import { mix, pick } from './draw.js';

/** A group of equal slots; `of` are the products that may sit in them. */
interface Slots {
  readonly name: string;
  readonly count: number;
  readonly of: readonly string[];
}

const slots = (name: string, count: number, ...of: readonly string[]): Slots => ({ name, count, of });

const edgeServer = [
  slots('cpu', 1, 'intel-5423n', 'intel-6423n', 'intel-6433n', 'amd-8324p'),
  slots('mem', 1, 'micron-128', 'samsung-256'),
  slots('nic', 1, 'intel-e810-xxvda4t', 'intel-e810-xxvda2', 'broadcom-p225p'),
  slots('acc', 1, 'intel-acc100', 'silicom-p3imb', 'amd-t2', 'nvidia-l4'),
  slots('ptp', 1, 'intel-e810-clock', 'silicom-sts2', 'meinberg-gns183'),
];
const regionalServer = [
  slots('cpu', 2, 'intel-6433n', 'intel-6438n', 'amd-9354'),
  slots('mem', 1, 'samsung-256', 'hynix-512'),
  slots('nic', 1, 'intel-e810-xxvda4t', 'intel-e810-cqda2', 'nvidia-cx6dx'),
  slots('ptp', 1, 'intel-e810-clock', 'silicom-sts2'),
];
const centralServer = [
  slots('cpu', 2, 'intel-8470n', 'intel-8592', 'amd-9554'),
  slots('mem', 1, 'hynix-512', 'samsung-1024'),
  slots('nic', 2, 'intel-e810-cqda2', 'nvidia-cx6dx', 'nvidia-cx7'),
];
const gpuServer = [
  slots('cpu', 2, 'intel-8592', 'amd-9554'),
  slots('mem', 1, 'micron-2048'),
  slots('nic', 2, 'nvidia-cx7', 'nvidia-bf3'),
  slots('acc', 1, 'nvidia-a100x', 'nvidia-h100'),
];
const array = [
  slots('drv', 2, 'samsung-pm1743', 'kioxia-cm7', 'solidigm-p5520', 'micron-7450'),
  slots('nic', 1, 'intel-e810-cqda2', 'nvidia-cx6dx'),
];
const fabric = [slots('opt', 2, 'cisco-sfp28-sr', 'finisar-sfp28-lr', 'innolight-qsfp28')];

const edgeServers = ['dell-xr8620t', 'dell-xr5610', 'hpe-dl110', 'smc-111e-fwtr', 'lenovo-se450'];
const regionalServers = ['dell-r660', 'hpe-dl360', 'lenovo-sr630', 'smc-221h-tnr'];
const centralServers = ['dell-r760', 'hpe-dl380', 'lenovo-sr650', 'dell-r660'];
const gpuServers = ['dell-xe9680', 'smc-521ge-tnrt'];
const arrays = ['dell-powerstore-1200t', 'netapp-a400', 'hpe-alletra-6050', 'pure-x50'];
const switches = ['cisco-93180yc', 'arista-7050x4', 'dell-s5248f'];
const edgeSwitches = ['ufispace-s9510', 'dell-s5248f'];

const served: Readonly<Record<Tier, readonly string[]>> = {
  edge: edgeServers,
  regional: regionalServers,
  central: centralServers,
};

const built: ReadonlyMap<string, readonly Slots[]> = new Map([
  ...edgeServers.map((model) => [model, edgeServer] as const),
  ...regionalServers.map((model) => [model, regionalServer] as const),
  ...['dell-r760', 'hpe-dl380', 'lenovo-sr650'].map((model) => [model, centralServer] as const),
  ...gpuServers.map((model) => [model, gpuServer] as const),
  ...arrays.map((model) => [model, array] as const),
  ...[...switches, 'ufispace-s9510'].map((model) => [model, fabric] as const),
]);

/** Every 32nd place of a pool holds a switch. */
const placesPerSwitch = 32;

/** The model at a place of a pool. */
export function modelFor(tier: Tier, purpose: string, place: number, draw: number): string {
  if (place % placesPerSwitch === placesPerSwitch - 1) return pick(draw, 1, tier === 'edge' ? edgeSwitches : switches);
  if (purpose === 'storage') return pick(draw, 1, arrays);
  return pick(draw, 1, purpose === 'gpu' ? gpuServers : served[tier]);
}

/** What is plugged into equipment of a model: drawn, and therefore never stored. */
export function componentsOf(model: string, draw: number, serial: string): Component[] {
  const components: Component[] = [];
  for (const [salt, { name, count, of }] of (built.get(model) ?? []).entries()) {
    const product = pick(draw, 16 + salt, of);
    for (let at = 0; at < count; at++) {
      const mark = mix(draw, 64 + salt * 8 + at)
        .toString(36)
        .toUpperCase()
        .padStart(7, '0');
      components.push({ slot: `${name}${at}`, model: product, serial: `${mark.slice(0, 5)}-${serial}` });
    }
  }
  return components;
}
