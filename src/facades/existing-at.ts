import { Fault } from '#schema/errors.js';

/** A fault that names an object that is there already, told with where it can be read. */
export function existingAt(fault: Fault, urlOf: (id: string) => string): Fault {
  const { existing } = fault.detail;
  if (existing === undefined) return fault;
  return new Fault(fault.code, `${fault.message} It is at ${urlOf(existing)}.`, fault.detail);
}
