import { script } from './script.js';

/**
 * One batch, whole or not at all: everything is checked before the first write, and no write can fail. Values are texts that
 * are never read here. Names of objects' keys are made here, which Redis Cluster would refuse; it is not served.
 */
export const appendScript = script(`
local log, head, marks, cursors, types, channel = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local at = 0
local function take()
  at = at + 1
  return ARGV[at]
end
local function whole(number)
  return string.format('%.0f', number)
end
local prefix, tag, lease, held = take(), take(), take(), take()

-- (holder, epoch) compared for equality: an expired lease is absent.
if lease ~= '' and redis.call('GET', lease) ~= held then return {'fenced'} end

local function place_of(object, id)
  local stored = redis.call('HGET', prefix .. 'objects:' .. object, id)
  return stored and string.match(stored, '^%S+')
end
local moved = {'conflict'}
for _ = 1, take() do
  local id, object, expected = take(), take(), take()
  local found
  if object ~= '' then
    found = place_of(object, id)
  else
    -- Named by its id alone: there are few types.
    for _, each in ipairs(redis.call('SMEMBERS', types)) do found = found or place_of(each, id) end
  end
  if (found or '') ~= expected then moved[#moved + 1] = id end
end
if #moved > 1 then return moved end

local stands = redis.call('HMGET', head, 'seq', 'tag', 'total')
local seq, total = tonumber(stands[1] or 0), tonumber(stands[3] or 0)
local time = redis.call('TIME')
local now = whole(time[1] * 1000 + math.floor(time[2] / 1000))
local count = tonumber(take())
local touched, seen = {}, {}
for _ = 1, count do
  local object, id, instance, entry, state = take(), take(), take(), take(), take()
  seq = seq + 1
  local place = whole(seq) .. '.' .. tag
  redis.call('XADD', log, whole(seq) .. '-0', 'tag', tag, 'at', now, 'before', whole(total), 'entry', entry)
  total = total + #entry
  if state == '' then
    redis.call('HDEL', prefix .. 'objects:' .. object, id)
    redis.call('SREM', prefix .. 'of:' .. instance, object .. '/' .. id)
  else
    redis.call('HSET', prefix .. 'objects:' .. object, id, place .. ' ' .. state)
    redis.call('SADD', prefix .. 'of:' .. instance, object .. '/' .. id)
    seen[object] = true
  end
  for _ = 1, take() do touched[take()] = place end
end
for object in pairs(seen) do redis.call('SADD', types, object) end
local pairs_of = {}
for name, place in pairs(touched) do
  pairs_of[#pairs_of + 1], pairs_of[#pairs_of + 2] = name, place
  -- Many at once, yet fewer than a call in Lua may have arguments.
  if #pairs_of == 2000 then
    redis.call('HSET', marks, unpack(pairs_of))
    pairs_of = {}
  end
end
if #pairs_of > 0 then redis.call('HSET', marks, unpack(pairs_of)) end

-- What moved on keeps its newer state.
for _ = 1, take() do
  local object, id, place, state = take(), take(), take(), take()
  if place_of(object, id) == place then
    redis.call('HSET', prefix .. 'objects:' .. object, id, place .. ' ' .. state)
  end
end
for _ = 1, take() do redis.call('HSET', cursors, take(), take()) end

if count == 0 then return {'appended', whole(seq), stands[2] or '0'} end
redis.call('HSET', head, 'seq', whole(seq), 'tag', tag, 'total', whole(total))
redis.call('PUBLISH', channel, whole(seq))
return {'appended', whole(seq), tag}
`);
