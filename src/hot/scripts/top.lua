-- Reads the top of a day: the highest scores, of equals the smaller id first. KEYS: the day's meta, its
-- scores. ARGV: how many. Returns nothing for a miss; else ids and scores in turn, in one list.
local listed = redis.call('HGET', KEYS[1], 'listed')
if not listed or tonumber(listed) ~= redis.call('ZCARD', KEYS[2]) then return {} end
local top = redis.call('ZREVRANGE', KEYS[2], 0, ARGV[1] - 1, 'WITHSCORES')
local least = top[#top]
local chosen = {}
if least then
  -- Among those with the last score, Redis put the greater ids first.
  for i = 1, #top, 2 do
    if top[i + 1] ~= least then
      table.insert(chosen, top[i])
      table.insert(chosen, top[i + 1])
    end
  end
  local room = ARGV[1] - #chosen / 2
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], least, least, 'LIMIT', 0, room)) do
    table.insert(chosen, id)
    table.insert(chosen, least)
  end
end
return { chosen }
