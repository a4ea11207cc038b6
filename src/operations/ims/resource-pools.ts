import { z } from 'zod';
import { objects } from '#schema/objects.js';
import { ResourcePoolWritable } from '#schema/inventory/resource-pool.js';
import { patchOf } from '#schema/patch.js';
import { operation } from '../operation.js';
import { get, list } from '../standard.js';

const id = z.string().min(1).max(255).describe('The pool.');
const { ResourcePool } = objects;

export const resourcePools = [
  list(ResourcePool),
  get(ResourcePool),
  operation({
    name: 'resourcePools.create',
    object: ResourcePool,
    verb: 'create',
    kind: 'mutation',
    permission: 'resourcePools:create',
    input: z.strictObject({ value: ResourcePoolWritable.partial({ oCloudSiteId: true, location: true }).strict() }),
    summary: 'Creates a pool at the backend that routing chooses.',
    audit: 'durable',
    run: (call, { value }) => call.writes.create(call, 'ResourcePool', value),
  }),
  operation({
    name: 'resourcePools.update',
    object: ResourcePool,
    verb: 'update',
    kind: 'mutation',
    permission: 'resourcePools:update',
    input: z.strictObject({ id, patch: patchOf(ResourcePoolWritable) }),
    summary: 'Changes a pool at its backend.',
    audit: 'durable',
    run: (call, input) => call.writes.update(call, 'ResourcePool', input.id, input.patch),
  }),
  operation({
    name: 'resourcePools.scale',
    object: ResourcePool,
    verb: 'scale',
    kind: 'mutation',
    permission: 'resourcePools:scale',
    input: z.strictObject({
      id,
      size: z.int32().min(0).max(100_000).describe('How many resources the pool shall hold.'),
    }),
    summary: 'Grows or shrinks a pool.',
    audit: 'durable',
    run: (call, input) => call.writes.scale(call, 'ResourcePool', input.id, input.size),
  }),
  operation({
    name: 'resourcePools.delete',
    object: ResourcePool,
    verb: 'delete',
    kind: 'mutation',
    permission: 'resourcePools:delete',
    input: z.strictObject({ id }),
    summary: 'Deletes an empty pool.',
    audit: 'durable',
    run: (call, input) => call.writes.delete(call, 'ResourcePool', input.id),
  }),
] as const;
