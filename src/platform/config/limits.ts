import { z } from 'zod';
import { bytes, duration } from './units.js';

const Rate = z.strictObject({
  perSecond: z
    .number()
    .positive()
    .default(1000)
    .describe('Requests per second that a principal may make, in the long run; in production only.'),
  burst: z.int().min(1).default(2000).describe('Requests that a principal may make at once after a pause.'),
  strangersPerSecond: z
    .number()
    .positive()
    .default(20)
    .describe(
      'Requests and WebSockets without a valid token that one address is answered 401 (4403) for each second, of each gateway, after a burst of five times as many; then 429 (1013), and the connection ends. A WebSocket that goes without having said who it is counts as one.',
    ),
});

const Graphql = z.strictObject({
  depth: z.int().min(1).default(10).describe('Deepest nesting of a document.'),
  cost: z
    .int()
    .min(1)
    .default(5000)
    .describe(
      'Highest cost of a document: 1 for each object it may answer with, lists as long as their `first`; and 1 for each 100 objects that are there to be looked at by a filter, an order or a `totalCount` that no index answers. Subscriptions of one principal that are told different texts may cost four times that together, those of a tenant eight times.',
    ),
  aliases: z.int().min(0).default(30).describe('Most aliases in a document.'),
  documentBytes: bytes('Longest document.').prefault('64KiB'),
  introspection: z.boolean().default(true).describe('Whether clients may read the schema.'),
});

const Live = z.strictObject({
  connections: z.int().min(1).default(8000).describe('Most live connections (WebSocket, SSE) of one gateway.'),
  connectionsPerPrincipal: z
    .int()
    .min(1)
    .optional()
    .describe('Most live connections of one principal; a quarter of `connections` when absent.'),
  connectionsPerTenant: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Most live connections of all principals of one tenant; when absent half of `connections`, and no less than one principal may have.',
    ),
  unidentified: z
    .int()
    .min(1)
    .default(200)
    .describe(
      'Most WebSockets beside these that have not said yet who they are; for one more, the oldest is cut off: of the address, or the /64 of IPv6, that has more than a quarter of these places and eight at the least, else of all. Whose token is in the header of the upgrade is none of them.',
    ),
  streamsPerConnection: z.int().min(1).default(100).describe('Most subscriptions on one WebSocket.'),
  streams: z
    .int()
    .min(1)
    .default(10_000)
    .describe('Most streams that differ (document, variables, scope); further ones are refused. Equal ones are one.'),
  streamsPerPrincipal: z
    .int()
    .min(1)
    .optional()
    .describe('Most streams that differ, of one principal; a quarter of `streams` when absent.'),
  streamsPerTenant: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Most streams that differ, of all principals of one tenant; when absent half of `streams`, and no less than one principal may have.',
    ),
  backlog: bytes(
    'Of what a client has not taken yet; a slower one is told the rest from the log when it can take it. A change that is longer as a subscription asks for it is told to nobody: a gap in its place (`changes`), or the stream ends (TOO_LARGE).',
    65_536,
  ).prefault('1MiB'),
  untaken: bytes(
    'Of what all live connections of a gateway have not taken yet: each may have its part of it, but never more than `backlog`, and 64 KiB at the least.',
    65_536,
  ).prefault('256MiB'),
  messagesPerSecond: z
    .int()
    .min(1)
    .default(50)
    .describe('Messages that a client may send on a WebSocket each second, after a burst of ten times as many.'),
});

/** What one client may ask of the gateway. */
export const Limits = z.strictObject({
  bodyBytes: bytes('Largest request body; a larger one is answered 413.').prefault('1MiB'),
  urlBytes: bytes('Longest path with query; a longer one is answered 414.', 256, 65_536).prefault('8KiB'),
  headerBytes: bytes(
    'Largest request headers, beside 64 KiB for the URL: the parser counts both together, and what is larger than both is answered 431.',
    1024,
    262_144,
  ).prefault('16KiB'),
  headerCount: z.int().min(16).max(1000).default(100).describe('Most headers of a request; further ones are dropped.'),
  rate: Rate.prefault({}).describe(
    'Rate limit of one principal, over all gateways of one store; answered 429. Every request with a token counts, whatever it asks for, and every operation on a WebSocket; health, and metrics on their own port, are free.',
  ),
  inFlightPerPrincipal: z
    .int()
    .min(1)
    .default(500)
    .describe(
      'Most requests of one principal, and operations on its WebSockets, that are answered at once; further ones get 429. Streams have limits of their own, `live`.',
    ),
  deadline: duration('Longest an operation may run; then it is answered 503.').prefault('30s'),
  headersTimeout: duration('Longest the headers of a request may take to arrive; then 408.').prefault('10s'),
  requestTimeout: duration('Longest a whole request may take to arrive; then 408.').prefault('30s'),
  keepAliveTimeout: duration(
    'How long an idle connection stays open; more than the load balancer in front waits.',
  ).prefault('65s'),
  maxConnections: z.int().min(1).default(10_000).describe('Most open connections; further ones are closed at once.'),
  maxRequestsPerSocket: z.int().min(0).default(1000).describe('Requests after which a connection is closed; 0 never.'),
  pageSize: z.int().min(1).max(10_000).default(100).describe('Objects on one page of a list.'),
  pageBytes: bytes('A page ends before it grows beyond this.', 4096).prefault('4MiB'),
  subscriptions: z
    .int()
    .min(1)
    .default(10_000)
    .describe(
      'Most subscriptions whose callbacks are notified, of one store; a further one is refused (QUOTA_EXCEEDED, 429). Those that a backup brings back are not.',
    ),
  subscriptionsPerTenant: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Most of these of all principals of one tenant; a quarter of `subscriptions` when absent. Who has no tenant is held to `subscriptions` alone.',
    ),
  graphql: Graphql.prefault({}).describe('Limits of GraphQL documents.'),
  live: Live.prefault({}).describe('Limits of live streams.'),
});
