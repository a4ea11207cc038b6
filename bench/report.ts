import type { Row, Share } from './rows.js';

/** A figure with a limit of its own. */
export interface Limit {
  readonly name: string;
  readonly unit: string;
  readonly measured: number;
  /** Least and most of the rounds that `measured` is the median of. */
  readonly spread?: readonly [number, number];
  /** Absent when the figure is only recorded. */
  readonly most?: number;
}

/** Least part of its own speed that the gateway keeps while objects change, and with ten times as many. */
const leastKept = 0.85;

/** Whether a row reaches its target. */
export function reached({ target, ratio }: Row): boolean {
  return target === undefined || (ratio.cpu >= target && ratio.rate >= target);
}

/** Whether a row keeps its speed while objects change, and with ten times as many. */
export function kept({ changing, large }: Row): boolean {
  return [changing, large].every((share) => !share || (share.cpu >= leastKept && share.rate >= leastKept));
}

export function within({ measured, most }: Limit): boolean {
  return most === undefined || measured <= most;
}

/** Rows beside the bare server, as Markdown. */
export function ratioTable(rows: readonly Row[]): string {
  const head = [
    'request',
    'body, bytes',
    'bare, µs',
    'gateway, µs',
    'bare, 1/s',
    'gateway, 1/s',
    'CPU',
    'rate',
    'at least',
    '',
  ];
  const lines = rows.map((row) => [
    row.name,
    whole(row.bytes),
    row.bare.cpu.toFixed(1),
    row.gateway.cpu.toFixed(1),
    whole(row.bare.perSecond),
    whole(row.gateway.perSecond),
    share(row.ratio.cpu),
    share(row.ratio.rate),
    row.target === undefined ? '' : String(row.target),
    verdict(row.target, reached(row)),
  ]);
  return table(head, lines);
}

/** A row as soon as it is known, on a line. */
export function ratioLine({ name, target, ratio, bare, gateway, changing, large }: Row): string {
  const both = (of: Share) => `CPU ${share(of.cpu)}, rate ${share(of.rate)}`;
  const others = [...(changing ? [`changing: ${both(changing)}`] : []), ...(large ? [`large: ${both(large)}`] : [])];
  const aim = target === undefined ? '' : ` (at least ${target})`;
  return [`${name}: ${both(ratio)}${aim}; ${bare.cpu.toFixed(1)} and ${gateway.cpu.toFixed(1)} us`, ...others].join(
    '; ',
  );
}

export function limitLine({ name, measured, unit, most }: Limit): string {
  return `${name}: ${figure(measured)} ${unit}${most === undefined ? '' : ` (at most ${figure(most)})`}`;
}

/** What rows keep of their speed, as Markdown. */
export function keptTable(rows: readonly Row[]): string {
  const head = ['request', 'changing: CPU', 'rate', 'large: CPU', 'rate', 'at least', ''];
  const both = (of: Share | undefined) => (of ? [share(of.cpu), share(of.rate)] : ['', '']);
  return table(
    head,
    rows.map((row) => [
      row.name,
      ...both(row.changing),
      ...both(row.large),
      String(leastKept),
      verdict(leastKept, kept(row)),
    ]),
  );
}

export function limitTable(limits: readonly Limit[]): string {
  return table(
    ['what', 'measured', 'at most', ''],
    limits.map((limit) => [
      limit.name,
      `${figure(limit.measured)} ${limit.unit}${limit.spread ? ` (${limit.spread.map(figure).join('–')})` : ''}`,
      limit.most === undefined ? '' : `${figure(limit.most)} ${limit.unit}`,
      verdict(limit.most, within(limit)),
    ]),
  );
}

function verdict(limit: number | undefined, holds: boolean): string {
  if (limit === undefined) return 'recorded';
  return holds ? 'holds' : 'MISSED';
}

/** Three digits tell a share, none after the point a figure that is large enough without. */
function figure(number: number): string {
  return Math.abs(number) < 10 && !Number.isInteger(number) ? number.toFixed(2) : whole(number);
}

function whole(number: number): string {
  return Math.round(number).toLocaleString('en');
}

function share(number: number): string {
  return number.toFixed(2);
}

function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [row(head), row(head.map(() => '---')), ...lines.map(row)].join('\n');
}
