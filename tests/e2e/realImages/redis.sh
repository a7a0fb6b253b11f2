# SPDX-License-Identifier: Apache-2.0
#
# Redis over loopback: commands, a script, a transaction, publishing, saving and loading, benchmark, an end by SIGTERM.
cd /tmp
redis-server --port 7000 --save '' --appendonly yes --appendfsync always --dir /tmp >server.log 2>&1 &
server=$!
until [ "$(redis-cli -p 7000 ping 2>/dev/null)" = PONG ]; do sleep 0.05; done
cli() { redis-cli -p 7000 "$@"; }
cli set greeting hello
cli append greeting ', world'
cli get greeting
cli rpush list a b c
cli lrange list 0 -1
cli hset hash one 1 two 2
cli hgetall hash
cli zadd ranks 3 third 1 first 2 second
cli zrange ranks 0 -1 withscores
cli eval "return {redis.call('incr', KEYS[1]), ARGV[1]}" 1 counter argument
printf 'multi\nincr counter\nincr counter\nexec\n' | cli
cli set short lived px 50
sleep 0.2
cli exists short
cli get list
seq 1000 | sed 's/.*/set key:& value:&/' | cli --pipe 2>&1 | tail -n 1
cli dbsize
cli --csv blpop missing 0.1
redis-cli -p 7000 --csv subscribe news >messages &
until [ "$(cli publish news item)" = 1 ]; do sleep 0.05; done
until grep -q item messages; do sleep 0.05; done
kill $!
# The shell says that it was terminated when it ends while it is waited for, and not otherwise.
wait $! 2>/dev/null
cat messages
cli bgsave
until cli info persistence | grep -q 'rdb_bgsave_in_progress:0'; do sleep 0.05; done
cli info persistence | grep -o 'rdb_last_bgsave_status:[a-z]*'
redis-benchmark -p 7000 -q -n 1000 -c 10 -t get,set,lpush --csv | cut -d, -f1
cli dbsize
kill -TERM $server
wait $server
echo "the server ended with $?"
grep -o 'Received SIGTERM scheduling shutdown\|Redis is now ready to exit, bye bye' server.log
redis-check-rdb dump.rdb | tail -n 1
# Killed, it has lost nothing of what it had confirmed.
redis-server --port 7000 --save '' --appendonly yes --appendfsync always --dir /tmp >server.log 2>&1 &
server=$!
until [ "$(redis-cli -p 7000 ping 2>/dev/null)" = PONG ]; do sleep 0.05; done
cli get greeting
cli set last words
kill -9 $server
wait $server 2>/dev/null
redis-server --port 0 --unixsocket /tmp/socket --save '' --appendonly yes --dir /tmp >server.log 2>&1 &
server=$!
until [ "$(redis-cli -s /tmp/socket ping 2>/dev/null)" = PONG ]; do sleep 0.05; done
redis-cli -s /tmp/socket get last
redis-cli -s /tmp/socket shutdown nosave
wait $server
echo "and with $?"
