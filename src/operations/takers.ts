import { Fault } from '#schema/errors.js';
import type { ObjectName } from '#schema/objects.js';
import { NothingSent } from '#adapters/kit/guard.js';
import type { Registry } from '#adapters/registry.js';
import type { Routing } from '#adapters/routing.js';
import type { Call } from './operation.js';
import { isForeign, referenced, referencesOf, type Values } from './references.js';

/** The instances to ask for a new object: that of the object it is listed under, else those of the routing rules. */
export function takersOf(
  call: Call,
  registry: Registry,
  routing: Routing,
  object: ObjectName,
  value: Values,
): readonly string[] {
  const { parent, relations } = call.view.kind(object).definition;
  const relation = Object.values(relations).find((each) => each.kind === 'one' && each.via === parent);
  if (parent !== undefined && relation)
    return [referenced(call, relation.to as ObjectName, value[parent], parent).instance];
  const [able, absent] = [registry.able(object, 'create'), registry.absent()];
  const takers = routing.forCreate(object, value, { able, absent });
  const references = referencesOf(call, object, value);
  // A backend that does not know what the value refers to cannot take over.
  const takesOver = (instance: string) => !references.some(([, row]) => isForeign(row, instance));
  if (takers.length > 0) return takers.filter((each, at) => at === 0 || takesOver(each));
  if (able.length > 0)
    throw new Fault(
      'UNPROCESSABLE',
      `No routing rule says where this ${object} goes; backends that could take it: ${able.join(', ')}.`,
    );
  if (absent.length > 0)
    throw new NothingSent(`No connected backend can create a ${object}; away: ${absent.join(', ')}.`, 5);
  throw new Fault('UNSUPPORTED', `No backend of this gateway can create a ${object}.`);
}
