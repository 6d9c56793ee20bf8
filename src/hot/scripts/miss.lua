-- Marks the place of an entry that a reader missed. KEYS: the entry. ARGV: a token, how long a hole
-- stays open in milliseconds. Returns the token of the hole and the time; an empty token if the entry
-- is there by now.
local state = entry()
if state.filled and not state.torn then return { '', 0 } end
if state.torn then leave_floor(state.position) end
local hole = state.hole
if state.torn or not hole then
  hole = ARGV[1]
  redis.call('HSET', KEYS[1], 'position', state.position, 'hole', hole)
end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return { hole, now() }
