-- KEYS: the article. Each step: comments, likes and views to add; whether it is deleted; whether it
-- was edited, and if so title, content, modified_at, revision.
local state = entry()

local function fold(i, news)
  local comments, likes, views, deleted, edited = unpack(ARGV, i, i + 4)
  local after = i + 5
  if edited == '1' then after = after + 4 end
  if not news or state.deleted then return after end
  if deleted == '1' then
    state.deleted = '1'
    redis.call('HDEL', KEYS[1], 'board_id', 'title', 'content', 'writer_id', 'writer_name', 'created_at',
      'modified_at', 'revision', 'comment_count', 'like_count', 'view_count')
    redis.call('HSET', KEYS[1], 'deleted', '1')
    return after
  end
  if comments ~= '0' then redis.call('HINCRBY', KEYS[1], 'comment_count', comments) end
  if likes ~= '0' then redis.call('HINCRBY', KEYS[1], 'like_count', likes) end
  if views ~= '0' then redis.call('HINCRBY', KEYS[1], 'view_count', views) end
  if edited == '1' then
    redis.call('HSET', KEYS[1], 'title', ARGV[i + 5], 'content', ARGV[i + 6],
      'modified_at', ARGV[i + 7], 'revision', ARGV[i + 8])
  end
  return after
end

walk(state, fold)
return redis.status_reply('OK')
