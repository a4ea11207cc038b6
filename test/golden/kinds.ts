import type { Kind } from './attributes.js';

type Members = Readonly<Record<string, unknown>>;

/** A JSON object, which an array is not. */
export function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const lowercaseUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const isString = (value: unknown): value is string => typeof value === 'string';
const isId = (value: unknown): boolean => isString(value) && lowercaseUuid.test(value);
const isArrayOf = (value: unknown, item: (one: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every((one) => item(one));

/** RFC 7946: longitude, latitude and perhaps altitude. */
function isPosition(value: unknown): boolean {
  if (!Array.isArray(value) || value.length < 2 || value.length > 3) return false;
  if (!value.every((number) => Number.isFinite(number))) return false;
  const [longitude, latitude] = value as number[];
  return Math.abs(longitude ?? NaN) <= 180 && Math.abs(latitude ?? NaN) <= 90;
}

const isPoint = (value: unknown): boolean =>
  isPosition(value) || (isObject(value) && value['type'] === 'Point' && isPosition(value['coordinates']));

const isCivicLine = (value: unknown): boolean =>
  isObject(value) && Number.isInteger(value['caType']) && isString(value['caValue']);

const checks: Readonly<Record<Exclude<Kind, readonly string[]>, (value: unknown) => boolean>> = {
  Id: isId,
  String: isString,
  Uri: (value) => isString(value) && URL.canParse(value),
  'Id[]': (value) => isArrayOf(value, isId),
  'String[]': (value) => isArrayOf(value, isString),
  KeyValuePairs: isObject,
  'ResourceInfo[]': (value) => isArrayOf(value, isObject),
  AlarmDictionary: isObject,
  // Cardinality 0..N of one GeoJSON object: the contract does not settle on one or an array of them.
  Point: (value) => isPoint(value) || isArrayOf(value, isPoint),
  'CivicAddress[]': (value) => isArrayOf(value, isCivicLine),
};

/** Whether a JSON value is of the kind: arrays are arrays, integers integers, ids UUIDs in lower case (0.4, 0.7). */
export function isOfKind(value: unknown, kind: Kind): boolean {
  return typeof kind === 'string' ? checks[kind](value) : isString(value) && kind.includes(value);
}
