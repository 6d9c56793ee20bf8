-- KEYS: the day's meta, its scores. Each step: how many articles it is about, and for each the id,
-- whether it begins, what to add, the least score after it, whether it ends.
local MAX = 20000

local function score(id, begins, added, least, ends)
  if ends == '1' then
    redis.call('ZREM', KEYS[2], id)
    return
  end
  if begins == '1' then redis.call('ZADD', KEYS[2], 'NX', 0, id) end
  local was = redis.call('ZSCORE', KEYS[2], id)
  if was then
    redis.call('ZADD', KEYS[2], math.max(tonumber(least), tonumber(was) + tonumber(added)), id)
  end
end

local function fold(i, news)
  local after = i + 1 + 5 * tonumber(ARGV[i])
  if news then
    for at = i + 1, after - 1, 5 do score(unpack(ARGV, at, at + 4)) end
  end
  return after
end

if walk(entry(), fold) then
  local listed = redis.call('ZCARD', KEYS[2])
  if listed > MAX then
    leave_floor(redis.call('HGET', KEYS[1], 'position'))
  else
    redis.call('HSET', KEYS[1], 'listed', listed)
    share_life()
  end
end
return redis.status_reply('OK')
