-- Fills an entry that was missed. KEYS: the entry. ARGV: the token of the hole, when it was found, how
-- long that may be ago, the position of the rows, how long the entry lives (milliseconds), the number
-- of fields and values; these; then scores and members.
local token, found, bound, position, life = unpack(ARGV, 1, 5)
local state = entry()
if state.filled and not state.torn then return 'there' end
if state.hole ~= token then return 'lost' end
local age = now() - tonumber(found)
-- A clock that was set back proves nothing either.
if age < 0 or age > tonumber(bound) then return 'late' end
if before(position, state.position) then return 'overtaken' end

redis.call('UNLINK', unpack(KEYS))
local fields = 6 + tonumber(ARGV[6])
redis.call('HSET', KEYS[1], 'position', position, unpack(ARGV, 7, fields))
if KEYS[2] then
  for i = fields + 1, #ARGV, 1000 do
    redis.call('ZADD', KEYS[2], unpack(ARGV, i, math.min(i + 999, #ARGV)))
  end
  redis.call('HSET', KEYS[1], 'listed', redis.call('ZCARD', KEYS[2]))
end
local dies = now() + tonumber(life)
for _, key in ipairs(KEYS) do redis.call('PEXPIREAT', key, dies) end
return 'yes'
