/** Whether resourceVersion `a` is newer than `b`. They are decimal integers of any length without leading zeros. */
export function newer(a: string, b: string): boolean {
  return a.length === b.length ? a > b : a.length > b.length;
}
