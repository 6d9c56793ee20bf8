-- Gives a view guard back. KEYS: the guard. ARGV: whose it must be.
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return redis.status_reply('OK')
