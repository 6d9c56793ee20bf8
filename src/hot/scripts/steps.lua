-- Walks the steps of an apply. ARGV: the last position of all, then for each step its first and last
-- position and what `fold` reads. fold(i, news) returns the index after what it read, and changes the
-- entry only if the step is news to it. True if the entry stands, with all steps in it.
local function walk(state, fold)
  local newest = ARGV[1]
  if not state.filled or state.torn then
    leave_floor(later(state.position, newest), state.hole)
    return false
  end
  local position, i = state.position, 2
  while i <= #ARGV do
    local first, last = ARGV[i], ARGV[i + 1]
    local old = not before(position, last)
    if not old and not before(position, first) then
      -- The entry holds some of the step's events, and nobody can tell their share.
      leave_floor(newest)
      return false
    end
    i = fold(i + 2, not old)
    if not old then position = last end
  end
  redis.call('HSET', KEYS[1], 'position', position)
  return true
end

-- A sorted set that came into being just now lives as long as the hash beside it.
local function share_life()
  if redis.call('PTTL', KEYS[2]) == -1 then
    redis.call('PEXPIREAT', KEYS[2], redis.call('PEXPIRETIME', KEYS[1]))
  end
end
