-- Begins a generation. KEYS: the pointer. ARGV: the generation and checkpoint that were seen there, the
-- log, then the fields and values to write. Returns what stands there if it is neither nothing nor what
-- was seen, or another log's.
local found = redis.call('HMGET', KEYS[1], 'generation', 'checkpoint', 'log_id')
if found[1] and (found[1] ~= ARGV[1] or found[2] ~= ARGV[2] or found[3] ~= ARGV[3]) then
  return redis.call('HGETALL', KEYS[1])
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 4))
return {}
