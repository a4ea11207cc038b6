import type { Attributes, Category, Model } from './api.js';

type Product = Omit<Model, 'version'>;

const product =
  (category: Category, summary: (specs: Attributes) => string) =>
  (id: string, vendor: string, name: string, revision: string, specs: Attributes): Product => ({
    id,
    category,
    vendor,
    name,
    revision,
    summary: summary(specs),
    specs,
  });

const server = product(
  'server',
  ({ rackUnits, sockets }) => `Rack server, ${rackUnits}U, ${sockets} socket${sockets === 1 ? '' : 's'}`,
);
const cpu = product('cpu', ({ cores, baseGHz }) => `Processor, ${cores} cores at ${baseGHz} GHz`);
const memory = product(
  'memory',
  ({ gibibytes, modules }) => `Memory, ${gibibytes} GiB in ${modules} registered DDR5 modules`,
);
const nic = product('nic', ({ ports, gigabitsPerSecond }) => `Network adapter, ${ports} x ${gigabitsPerSecond} Gbit/s`);
const accelerator = product('accelerator', ({ use }) => `Accelerator for ${use}`);
const clock = product('clock', ({ profile }) => `PTP hardware clock, ${profile}`);
const array = product('array', ({ rackUnits, bays }) => `Storage array, ${rackUnits}U, ${bays} bays`);
const drive = product('drive', ({ terabytes, bus }) => `Drives, ${terabytes} TB each, ${bus}`);
const fabric = product('switch', ({ ports, gigabitsPerSecond }) => `Switch, ${ports} x ${gigabitsPerSecond} Gbit/s`);
const optic = product('optic', ({ form }) => `Transceivers, ${form}`);

/** Every product there is; a change generator never touches it. */
export const catalogue: readonly Product[] = [
  server('dell-xr8620t', 'Dell', 'PowerEdge XR8620t', 'Gen16', { rackUnits: 1, sockets: 1 }),
  server('dell-xr5610', 'Dell', 'PowerEdge XR5610', 'Gen16', { rackUnits: 1, sockets: 1 }),
  server('hpe-dl110', 'HPE', 'ProLiant DL110', 'Gen11', { rackUnits: 1, sockets: 1 }),
  server('smc-111e-fwtr', 'Supermicro', 'SYS-111E-FWTR', 'X13', { rackUnits: 1, sockets: 1 }),
  server('lenovo-se450', 'Lenovo', 'ThinkEdge SE450', 'V1', { rackUnits: 2, sockets: 1 }),
  server('dell-r660', 'Dell', 'PowerEdge R660', 'Gen16', { rackUnits: 1, sockets: 2 }),
  server('hpe-dl360', 'HPE', 'ProLiant DL360', 'Gen11', { rackUnits: 1, sockets: 2 }),
  server('lenovo-sr630', 'Lenovo', 'ThinkSystem SR630', 'V3', { rackUnits: 1, sockets: 2 }),
  server('smc-221h-tnr', 'Supermicro', 'SYS-221H-TNR', 'X13', { rackUnits: 2, sockets: 2 }),
  server('dell-r760', 'Dell', 'PowerEdge R760', 'Gen16', { rackUnits: 2, sockets: 2 }),
  server('hpe-dl380', 'HPE', 'ProLiant DL380', 'Gen11', { rackUnits: 2, sockets: 2 }),
  server('lenovo-sr650', 'Lenovo', 'ThinkSystem SR650', 'V3', { rackUnits: 2, sockets: 2 }),
  server('dell-xe9680', 'Dell', 'PowerEdge XE9680', 'Gen16', { rackUnits: 6, sockets: 2 }),
  server('smc-521ge-tnrt', 'Supermicro', 'SYS-521GE-TNRT', 'X13', { rackUnits: 5, sockets: 2 }),
  cpu('intel-5423n', 'Intel', 'Xeon Gold 5423N', 'SPR', { cores: 20, baseGHz: 2.1 }),
  cpu('intel-6423n', 'Intel', 'Xeon Gold 6423N', 'SPR', { cores: 28, baseGHz: 2 }),
  cpu('intel-6433n', 'Intel', 'Xeon Gold 6433N', 'SPR', { cores: 32, baseGHz: 2 }),
  cpu('amd-8324p', 'AMD', 'EPYC 8324P', 'Zen 4c', { cores: 32, baseGHz: 2.65 }),
  cpu('intel-6438n', 'Intel', 'Xeon Gold 6438N', 'SPR', { cores: 32, baseGHz: 2 }),
  cpu('intel-8470n', 'Intel', 'Xeon Platinum 8470N', 'SPR', { cores: 52, baseGHz: 1.7 }),
  cpu('intel-8592', 'Intel', 'Xeon Platinum 8592+', 'EMR', { cores: 64, baseGHz: 1.9 }),
  cpu('amd-9354', 'AMD', 'EPYC 9354', 'Zen 4', { cores: 32, baseGHz: 3.25 }),
  cpu('amd-9554', 'AMD', 'EPYC 9554', 'Zen 4', { cores: 64, baseGHz: 3.1 }),
  memory('micron-128', 'Micron', 'DDR5-4800 RDIMM 4 x 32 GiB', '1', { gibibytes: 128, modules: 4 }),
  memory('samsung-256', 'Samsung', 'DDR5-4800 RDIMM 8 x 32 GiB', '1', { gibibytes: 256, modules: 8 }),
  memory('hynix-512', 'SK hynix', 'DDR5-4800 RDIMM 16 x 32 GiB', '1', { gibibytes: 512, modules: 16 }),
  memory('samsung-1024', 'Samsung', 'DDR5-5600 RDIMM 16 x 64 GiB', '1', { gibibytes: 1024, modules: 16 }),
  memory('micron-2048', 'Micron', 'DDR5-5600 RDIMM 32 x 64 GiB', '1', { gibibytes: 2048, modules: 32 }),
  nic('intel-e810-xxvda4t', 'Intel', 'E810-XXVDA4T', 'K72815', { ports: 4, gigabitsPerSecond: 25 }),
  nic('intel-e810-xxvda2', 'Intel', 'E810-XXVDA2', 'K58258', { ports: 2, gigabitsPerSecond: 25 }),
  nic('intel-e810-cqda2', 'Intel', 'E810-CQDA2', 'K91258', { ports: 2, gigabitsPerSecond: 100 }),
  nic('nvidia-cx6dx', 'NVIDIA', 'ConnectX-6 Dx', 'Rev A', { ports: 2, gigabitsPerSecond: 100 }),
  nic('nvidia-cx7', 'NVIDIA', 'ConnectX-7', 'Rev B', { ports: 2, gigabitsPerSecond: 200 }),
  nic('nvidia-bf3', 'NVIDIA', 'BlueField-3', 'Rev A', { ports: 2, gigabitsPerSecond: 200 }),
  nic('broadcom-p225p', 'Broadcom', 'P225P', '14.1', { ports: 2, gigabitsPerSecond: 25 }),
  accelerator('intel-acc100', 'Intel', 'vRAN Dedicated Accelerator ACC100', '1', {
    use: 'forward error correction (4G, 5G)',
  }),
  accelerator('silicom-p3imb', 'Silicom', 'P3iMB-M-P2', '2', { use: 'forward error correction (4G, 5G)' }),
  accelerator('amd-t2', 'AMD', 'T2 Telco Accelerator', '1', { use: 'forward error correction (5G)' }),
  accelerator('nvidia-l4', 'NVIDIA', 'L4', '1', { use: 'inference' }),
  accelerator('nvidia-a100x', 'NVIDIA', 'A100X', '1', { use: 'layer 1 and inference' }),
  accelerator('nvidia-h100', 'NVIDIA', 'H100 SXM5 x 8', '1', { use: 'training' }),
  clock('intel-e810-clock', 'Intel', 'E810 timing module', '1', { profile: 'G.8275.1, GNSS disciplined' }),
  clock('silicom-sts2', 'Silicom', 'STS2 timing card', '2', { profile: 'G.8275.1, four hours of holdover' }),
  clock('meinberg-gns183', 'Meinberg', 'GNS183PEX', '1', { profile: 'IEEE 1588 grandmaster, GNSS disciplined' }),
  array('dell-powerstore-1200t', 'Dell', 'PowerStore 1200T', '3.6', { rackUnits: 2, bays: 25 }),
  array('netapp-a400', 'NetApp', 'AFF A400', '9.14', { rackUnits: 4, bays: 48 }),
  array('hpe-alletra-6050', 'HPE', 'Alletra 6050', '6.1', { rackUnits: 4, bays: 24 }),
  array('pure-x50', 'Pure Storage', 'FlashArray//X50', 'R4', { rackUnits: 3, bays: 20 }),
  drive('samsung-pm1743', 'Samsung', 'PM1743', '1', { terabytes: 7.68, bus: 'NVMe PCIe 5.0' }),
  drive('kioxia-cm7', 'KIOXIA', 'CM7-R', '1', { terabytes: 15.36, bus: 'NVMe PCIe 5.0' }),
  drive('solidigm-p5520', 'Solidigm', 'D7-P5520', '1', { terabytes: 3.84, bus: 'NVMe PCIe 4.0' }),
  drive('micron-7450', 'Micron', '7450 PRO', '1', { terabytes: 7.68, bus: 'NVMe PCIe 4.0' }),
  fabric('cisco-93180yc', 'Cisco', 'Nexus 93180YC-FX3', 'V02', { ports: 48, gigabitsPerSecond: 25 }),
  fabric('arista-7050x4', 'Arista', '7050SX4', '2', { ports: 48, gigabitsPerSecond: 50 }),
  fabric('dell-s5248f', 'Dell', 'PowerSwitch S5248F-ON', 'A03', { ports: 48, gigabitsPerSecond: 25 }),
  fabric('ufispace-s9510', 'UfiSpace', 'S9510-28DC', '1', { ports: 24, gigabitsPerSecond: 25 }),
  optic('cisco-sfp28-sr', 'Cisco', 'SFP-25G-SR-S', 'V03', { form: 'SFP28, 25GBASE-SR' }),
  optic('finisar-sfp28-lr', 'Coherent', 'FTLF1436P4BCV', 'A', { form: 'SFP28, 25GBASE-LR' }),
  optic('innolight-qsfp28', 'InnoLight', 'TR-FC13L-N00', '1', { form: 'QSFP28, 100GBASE-LR4' }),
];

export const productOf: ReadonlyMap<string, Product> = new Map(catalogue.map((entry) => [entry.id, entry]));
