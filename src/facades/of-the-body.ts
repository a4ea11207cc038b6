import { Fault } from '#schema/errors.js';

const wrapped = /^(value|patch)(?=[/: ]|$)\/?/;

/** A fault of an input, told in terms of the body: operations wrap it in a member of their own. */
export function ofTheBody(fault: Fault): Fault {
  const { at, faults } = fault.detail;
  if (fault.code !== 'INVALID' || at === undefined || !wrapped.test(at)) return fault;
  const told = (faults ?? [fault.message]).map(unwrapped);
  return new Fault('INVALID', told.join('; '), {
    ...fault.detail,
    at: unwrapped(at),
    ...(faults ? { faults: told } : {}),
  });
}

function unwrapped(text: string): string {
  return text.replace(wrapped, (found) => (found.endsWith('/') ? '' : 'body'));
}
