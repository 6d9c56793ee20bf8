-- Moves the checkpoint. KEYS: the pointer. ARGV: the generation, the checkpoint that was written last,
-- the next one, the id of its event. Returns nothing if it moved or had moved already, else what stands
-- there.
local found = redis.call('HMGET', KEYS[1], 'generation', 'checkpoint', 'last_event_id')
if found[1] == ARGV[1] then
  if found[2] == ARGV[2] then
    redis.call('HSET', KEYS[1], 'checkpoint', ARGV[3], 'last_event_id', ARGV[4])
    return { 1 }
  end
  if found[2] == ARGV[3] and found[3] == ARGV[4] then return { 1 } end
end
return { 0, redis.call('HGETALL', KEYS[1]) }
