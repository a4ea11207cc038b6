import { attributesOf, isMandatory, types, type Attribute, type GoldenType, type Major } from './attributes.js';
import type { Row } from './client.js';
import { isOfKind } from './kinds.js';

/** How an object was asked for: by no selector at all, or by `all_fields`. */
type View = 'default' | 'all_fields';

function needsKey(attribute: Attribute, major: Major, view: View): boolean {
  if (isMandatory(attribute) || attribute.key === 'always') return true;
  return attribute.key === 'v1 all_fields' && major === 'v1' && view === 'all_fields';
}

function attributeFault(attribute: Attribute, row: Row, major: Major, view: View): string | undefined {
  const value = row[attribute.name];
  if (attribute.hidden && view === 'default' && attribute.name in row) return 'is default-excluded, yet was sent';
  if (needsKey(attribute, major, view)) {
    if (!(attribute.name in row)) return 'is missing';
    if (value === null && !attribute.nullable) return 'is null';
  }
  if (value === undefined || value === null) return undefined;
  if (!isOfKind(value, attribute.kind)) return `is not ${String(attribute.kind)}: ${JSON.stringify(value)}`;
  if (attribute.cardinality === '1..N' && Array.isArray(value) && value.length === 0) return 'is empty';
  return undefined;
}

function elementFaults(row: Row, major: Major): string[] {
  const type = types.find((one) => one.type === 'ResourceInfo');
  const elements = row['elements'];
  if (type === undefined || !Array.isArray(elements)) return [];
  return (elements as Row[]).flatMap((child) => {
    const faults = attributesOf(type, major).flatMap((attribute) => {
      // The key that the suite looks for is that of the outer object.
      const fault = attributeFault({ ...attribute, key: undefined }, child, major, 'all_fields');
      return fault === undefined ? [] : [`elements/${attribute.name} ${fault}`];
    });
    return [...faults, ...strangers(type, major, child), ...elementFaults(child, major)];
  });
}

function strangers(type: GoldenType, major: Major, row: Row): string[] {
  const known = new Set(attributesOf(type, major).map((attribute) => attribute.name));
  const unknown = Object.keys(row).filter((key) => !known.has(key));
  return unknown.map((key) => `${key} is not an attribute of ${type.type} in ${major}`);
}

/** Everything in which an object departs from its table; none is conforming. */
export function shapeFaults(type: GoldenType, major: Major, row: Row, view: View): string[] {
  const faults = attributesOf(type, major).flatMap((attribute) => {
    const fault = attributeFault(attribute, row, major, view);
    return fault === undefined ? [] : [`${attribute.name} ${fault}`];
  });
  const lacks = type.oneOf !== undefined && !type.oneOf.some((key) => row[key] !== undefined && row[key] !== null);
  const none = lacks ? [`none of ${type.oneOf.join(', ')} is there`] : [];
  return [...faults, ...none, ...strangers(type, major, row), ...elementFaults(row, major)];
}
