import { BlockList, isIP, isIPv4 } from 'node:net';

/** A network nobody may be called in, and the words for what stands there. */
export interface Closed {
  readonly network: string;
  readonly what: string;
}

/** Loopback is a row like the others, but open in development. */
export const loopback: readonly Closed[] = [
  { network: '127.0.0.0/8', what: 'a loopback address' },
  { network: '::1/128', what: 'a loopback address' },
];

/** What no setting opens: this machine's own ground, the metadata services of clouds, and what is no single host. */
export const alwaysClosed: readonly Closed[] = [
  { network: '0.0.0.0/8', what: 'an unspecified address' },
  { network: '::/128', what: 'an unspecified address' },
  { network: '169.254.0.0/16', what: 'a link-local address (cloud metadata)' },
  { network: 'fe80::/10', what: 'a link-local address' },
  { network: 'fec0::/10', what: 'a site-local address' },
  { network: '100.80.80.80/32', what: 'a cloud metadata address' },
  { network: '100.96.0.96/32', what: 'a cloud metadata address' },
  { network: '100.100.100.200/32', what: 'a cloud metadata address' },
  { network: '168.63.129.16/32', what: 'a cloud metadata address' },
  { network: '192.0.0.192/32', what: 'a cloud metadata address' },
  { network: 'fd00:ec2::/32', what: 'a cloud metadata address' },
  { network: 'fd20:ce::/32', what: 'a cloud metadata address' },
  { network: 'fd00:42::42/128', what: 'a cloud metadata address' },
  { network: 'fd00:c1::a9fe:0/112', what: 'a cloud metadata address' },
  { network: 'fd00:100::100:200/128', what: 'a cloud metadata address' },
  { network: 'fd00:a9fe:a9fe::/48', what: 'a cloud metadata address' },
  { network: '224.0.0.0/4', what: 'a multicast address' },
  { network: 'ff00::/8', what: 'a multicast address' },
  { network: '240.0.0.0/4', what: 'a reserved or broadcast address' },
  { network: '::/96', what: 'an IPv4-compatible address' },
  { network: '100::/64', what: 'a discard address' },
];

/** The one spelling of an IPv4 or IPv6 address, an IPv4-mapped one as its IPv4; undefined for anything else, zones included. */
export function canonical(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (isIP(text) !== 6 || text.includes('%')) return undefined;
  const bytes = bytesOf(text);
  return mapped(bytes) ? dotted(bytes, 12) : new URL(`http://[${text}]`).hostname.slice(1, -1);
}

/** Where NAT64 has the four bytes behind a prefix of 48, 56, 64 and 96 bits (RFC 6052, 2.2): the ninth byte holds none. */
const translated = [
  [6, 7, 9, 10],
  [7, 9, 10, 11],
  [9, 10, 11, 12],
  [12, 13, 14, 15],
] as const;

/**
 * The IPv4 addresses that a router could take out of an IPv6 one: NAT64 (RFC 6052 and, of every length, RFC 8215), 6to4
 * (RFC 3056), Teredo (RFC 4380, server and client), ISATAP (RFC 5214) and SIIT (RFC 2765).
 * @internal for tests
 */
export function embedded(address: string): readonly string[] {
  if (isIP(address) !== 6) return [];
  const bytes = bytesOf(address);
  const starts = (...groups: readonly number[]) =>
    groups.every((group, at) => ((bytes[2 * at]! << 8) | bytes[2 * at + 1]!) === group);
  if (starts(0x64, 0xff9b, 1)) return translations(bytes);
  if (starts(0x64, 0xff9b)) return [dotted(bytes, 12)];
  if (starts(0, 0, 0, 0, 0xffff, 0)) return [dotted(bytes, 12)];
  if (starts(0x2002)) return [dotted(bytes, 2)];
  if (starts(0x2001, 0))
    return [
      dotted(bytes, 4),
      dotted(
        bytes.map((byte) => byte ^ 255),
        12,
      ),
    ];
  return bytes[10] === 0x5e && bytes[11] === 0xfe && (bytes[8]! & 0xfd) === 0 && bytes[9] === 0
    ? [dotted(bytes, 12)]
    : [];
}

/** With another length than the network's own mostly zeros are read, and to 0.0.0.0/8 no router passes anything on. */
function translations(bytes: Uint8Array): readonly string[] {
  const read = translated.map((places) => places.map((at) => bytes[at]!).join('.'));
  const routed = read.filter((address) => !address.startsWith('0.'));
  return routed.length > 0 ? routed : read;
}

/** A set of networks: what is in it is told by its row. */
export interface Networks<Row> {
  find(address: string): Row | undefined;
}

/** Rows by their network in CIDR; the first that holds an address is found. Throws on what is no network. */
export function networksOf<Row>(rows: readonly Row[], networkOf: (row: Row) => string): Networks<Row> {
  const lists = rows.map((row) => [blockList(networkOf(row)), row] as const);
  return {
    find(address) {
      const family = isIPv4(address) ? 'ipv4' : 'ipv6';
      return lists.find(([list]) => list.family === family && list.members.check(address, family))?.[1];
    },
  };
}

/** Whether a text is a network in CIDR with no bit set behind its prefix, and how wide it is. */
export function parseNetwork(text: string): { readonly address: string; readonly prefix: number } | undefined {
  const [address = '', length, more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more !== undefined || address.includes('%')) return undefined;
  const widest = family === 4 ? 32 : 128;
  const prefix = length === undefined ? widest : /^\d{1,3}$/.test(length) ? Number(length) : NaN;
  if (!(prefix <= widest)) return undefined;
  const bytes = family === 4 ? Buffer.from(address.split('.').map(Number)) : bytesOf(address);
  const stray = bytes.some((byte, at) => (byte & (0xff >> Math.min(8, Math.max(0, prefix - 8 * at)))) !== 0);
  return stray ? undefined : { address, prefix };
}

function blockList(network: string) {
  const parsed = parseNetwork(network);
  if (!parsed) throw new Error(`'${network}' is no network.`);
  const family = isIPv4(parsed.address) ? ('ipv4' as const) : ('ipv6' as const);
  const members = new BlockList();
  members.addSubnet(parsed.address, parsed.prefix, family);
  return { family, members };
}

function bytesOf(address: string): Buffer {
  const text = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = text.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const [front, back] = [groups(head), groups(tail ?? '')];
  const all = [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 255]));
}

function mapped(bytes: Buffer): boolean {
  return bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
}

function dotted(bytes: Uint8Array, at: number): string {
  return [...bytes.subarray(at, at + 4)].join('.');
}
