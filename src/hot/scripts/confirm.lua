-- Makes a view guard last. KEYS: the guard. ARGV: whose it must be; for how many seconds.
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return redis.status_reply('OK')
