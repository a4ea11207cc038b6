import { z } from 'zod';
import { objects } from '#schema/objects.js';
import { ResourceWritable } from '#schema/inventory/resource.js';
import { patchOf } from '#schema/patch.js';
import { operation } from '../operation.js';
import { get, list } from '../standard.js';

const id = z.string().min(1).max(255).describe('The resource.');
const { Resource } = objects;

export const resources = [
  list(Resource),
  get(Resource),
  operation({
    name: 'resources.create',
    object: Resource,
    verb: 'create',
    kind: 'mutation',
    permission: 'resources:create',
    input: z.strictObject({
      value: ResourceWritable.partial({ globalAssetId: true, tags: true, groups: true }).strict(),
    }),
    summary: 'Creates a resource in a pool, at the backend of the pool.',
    audit: 'durable',
    run: (call, { value }) => call.writes.create(call, 'Resource', value),
  }),
  operation({
    name: 'resources.update',
    object: Resource,
    verb: 'update',
    kind: 'mutation',
    permission: 'resources:update',
    input: z.strictObject({ id, patch: patchOf(ResourceWritable) }),
    summary: 'Changes a resource at its backend: moves it to another pool, locks it, describes it.',
    audit: 'durable',
    run: (call, input) => call.writes.update(call, 'Resource', input.id, input.patch),
  }),
  operation({
    name: 'resources.delete',
    object: Resource,
    verb: 'delete',
    kind: 'mutation',
    permission: 'resources:delete',
    input: z.strictObject({ id }),
    summary: 'Deletes a resource at its backend.',
    audit: 'durable',
    run: (call, input) => call.writes.delete(call, 'Resource', input.id),
  }),
] as const;
