const suffixes: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** A quantity of Kubernetes (`500m`, `64`, `1e3`, `263Gi`) as a number; 0 for what is none. */
export function parseQuantity(quantity: string | undefined): number {
  const parts = /^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([numkMGTPE]|[KMGTPE]i)?$/.exec(quantity ?? '');
  return parts ? Number(parts[1]) * suffixes[parts[2] ?? '']! : 0;
}

/** Whether there is any of it; much cheaper than parsing. */
export function isPositive(quantity: string | undefined): boolean {
  return quantity !== undefined && /^\+?[0.]*[1-9]/.test(quantity);
}

/** Bytes in the notation kubelets use: `263Ki`; plain bytes where that is not exact. */
export function formatBytes(bytes: number): string {
  return bytes > 0 && bytes % 1024 === 0 ? `${BigInt(bytes) / 1024n}Ki` : `${BigInt(Math.round(bytes))}`;
}

/** Cores: whole ones as `64`, parts in thousandths. */
export function formatCores(cores: number): string {
  return Number.isInteger(cores) ? `${cores}` : `${Math.round(cores * 1000)}m`;
}
