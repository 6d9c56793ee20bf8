-- KEYS: the board, its list. Each step: articles to add to the count; the revision or ''; whether it is
-- closed; whether it was described, and if so name, description, depth; how many articles were posted,
-- and which; how many were removed, and which.
local MAX, MIN = 1000, 500
local complete = redis.call('HGET', KEYS[1], 'complete')

local function post(id)
  redis.call('ZADD', KEYS[2], 0, id)
  -- Below the list's end there may be others that are not known.
  if complete ~= '1' and redis.call('ZRANK', KEYS[2], id) == 0 then
    redis.call('ZREM', KEYS[2], id)
  end
end

local function fold(i, news)
  local count, revision, closed, described = unpack(ARGV, i, i + 3)
  i = i + 4
  if described == '1' then
    if news then
      redis.call('HSET', KEYS[1], 'name', ARGV[i], 'description', ARGV[i + 1],
        'max_comment_depth', ARGV[i + 2])
    end
    i = i + 3
  end
  local posted = tonumber(ARGV[i])
  local removed = tonumber(ARGV[i + posted + 1])
  local after = i + posted + removed + 2
  if not news then return after end
  if count ~= '0' then redis.call('HINCRBY', KEYS[1], 'article_count', count) end
  if revision ~= '' then redis.call('HSET', KEYS[1], 'revision', revision) end
  if closed == '1' then redis.call('HSET', KEYS[1], 'closed', '1') end
  for at = i + 1, i + posted do post(ARGV[at]) end
  for at = i + posted + 2, after - 1 do redis.call('ZREM', KEYS[2], ARGV[at]) end
  local listed = redis.call('ZCARD', KEYS[2])
  if listed > MAX then
    redis.call('ZREMRANGEBYRANK', KEYS[2], 0, listed - MAX - 1)
    complete = '0'
  end
  return after
end

if walk(entry(), fold) then
  local listed = redis.call('ZCARD', KEYS[2])
  if complete ~= '1' and listed < MIN then
    leave_floor(redis.call('HGET', KEYS[1], 'position'))
  else
    redis.call('HSET', KEYS[1], 'listed', listed, 'complete', complete)
    share_life()
  end
end
return redis.status_reply('OK')
