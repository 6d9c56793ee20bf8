-- Reads a part of a board's list, newest first. KEYS: the board, its list. ARGV: 'page', the first and
-- the last rank; or 'below', the bound as ZREVRANGEBYLEX takes it, how many. Returns nothing for a miss;
-- else the article count, whether the list is complete, how many it has, and the ids.
local found = redis.call('HMGET', KEYS[1], 'listed', 'article_count', 'complete')
local listed = redis.call('ZCARD', KEYS[2])
if tonumber(found[1]) ~= listed then return {} end
local ids
if ARGV[1] == 'page' then
  ids = redis.call('ZREVRANGE', KEYS[2], ARGV[2], ARGV[3])
else
  ids = redis.call('ZREVRANGEBYLEX', KEYS[2], ARGV[2], '-', 'LIMIT', 0, ARGV[3])
end
return { found[2], found[3], listed, ids }
