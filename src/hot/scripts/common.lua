-- What all scripts of entries share. KEYS[1] is the entry's hash, KEYS[2] the sorted set beside it,
-- if it has one. Positions and ids are strings here, never numbers: a number keeps 53 bits.

-- Milliseconds that a floor lives.
local FLOOR = 60000

-- Whether position a is before b: 32 hex digits each, or empty, which is before everything. Not with
-- `<`, which sorts by the server's locale; some sort "aa" after "b".
local function before(a, b)
  if a == '' or b == '' then return a == '' and b ~= '' end
  for i = 1, 32, 8 do
    local x, y = tonumber(string.sub(a, i, i + 7), 16), tonumber(string.sub(b, i, i + 7), 16)
    if x ~= y then return x < y end
  end
  return false
end

local function later(a, b)
  if before(a, b) then return b end
  return a
end

local function entry()
  local found = redis.call('HMGET', KEYS[1], 'position', 'hole', 'created_at', 'deleted', 'listed')
  local state = { position = found[1] or '', hole = found[2], deleted = found[4] }
  state.filled = (found[3] or found[4] or found[5]) and true
  -- One of the two keys may have been evicted.
  state.torn = state.filled and KEYS[2] and tonumber(found[5]) ~= redis.call('ZCARD', KEYS[2])
  return state
end

-- Throws away what is there, and leaves only the position, and whom the hole belongs to.
local function leave_floor(position, hole)
  redis.call('UNLINK', unpack(KEYS))
  redis.call('HSET', KEYS[1], 'position', position)
  if hole then redis.call('HSET', KEYS[1], 'hole', hole) end
  redis.call('PEXPIRE', KEYS[1], FLOOR)
end

local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
