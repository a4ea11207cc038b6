/**
 * What `npm start` runs when nothing is configured: a simulated O-Cloud with a constant id, so that ids are the same on every
 * machine and after every start.
 */
export const demonstration = `
oCloud:
  oCloudId: 3d6ac2f0-6c0b-4b5e-8a57-1f2f5a2b9d10
  name: netweave demonstration
  description: A simulated operator's O-Cloud; nothing behind it is real
backends:
  - key: demo
    type: simulator
    title: Simulated O-Cloud
    options:
      embedded: { seed: 1, size: 400, changesPerSecond: 1 }
`;
