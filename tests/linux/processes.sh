#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Processes: exit codes, background jobs, signals, what /proc says of them.
(exit 3); echo "status $?"
sh -c 'exit 42'; echo "status $?"
sh -c 'kill -9 $$'; echo "status $?"
sh -c 'kill -TERM $$'; echo "status $?"
false || echo "or"
nothing-of-that-name; echo "status $?"
/etc/passwd; echo "status $?"
/etc; echo "status $?"
sleep 0 & wait $!; echo "waited: $?"
(sleep 1; exit 7) & pid=$!
wait $pid; echo "waited: $?"
sleep 100 & pid=$!
kill $pid; wait $pid 2>/dev/null; echo "killed: $?"
trap 'echo trapped' USR1; kill -USR1 $$; trap - USR1
sh -c 'trap "echo bye" EXIT; exit 1'; echo "status $?"
(trap '' TERM; kill -TERM $(sh -c 'echo $PPID'); echo "ignored TERM")
x=$(echo sub; exit 4); echo "$x $?"
for i in 1 2 3 4 5; do (exit $i) & done; wait; echo "all done"
i=0; while [ $i -lt 30 ]; do /bin/true; i=$((i + 1)); done; echo "thirty children"
env -i A=1 B=2 env | sort
sh -c 'echo "$0 $1 $#"' name first second
exec 3>/tmp/script
echo '#!/bin/sh
echo "script $0 $1"' >&3
exec 3>&-
chmod +x /tmp/script && /tmp/script argument
printf '#!/bin/cat\nbody\n' >/tmp/catscript && chmod +x /tmp/catscript && /tmp/catscript
cat /proc/self/comm
tr '\0' ' ' </proc/self/cmdline; echo
readlink /proc/self/exe
(cd /tmp && readlink /proc/self/cwd)
readlink /proc/self/root
ls /proc/self/fd | grep -c '^[012]$'
grep -E '^(Name|State|Threads|Uid|Gid|Umask|SigIgn):' /proc/self/status
awk '{ print NF, $2, $3 }' /proc/self/stat
awk '{ print NF }' /proc/self/statm
(exec 9</etc/passwd; readlink /proc/self/fd/9)
A=b sh -c 'tr "\0" "\n" </proc/self/environ | grep ^A='
sleep 50 & pid=$!; sleep 0.2
cat /proc/$pid/comm
tr '\0' ' ' </proc/$pid/cmdline; echo
cut -d' ' -f3 /proc/$pid/stat
kill -STOP $pid; sleep 0.2; cut -d' ' -f3 /proc/$pid/stat
kill -CONT $pid; sleep 0.2; cut -d' ' -f3 /proc/$pid/stat
kill -KILL $pid; wait $pid 2>/dev/null; echo "status $?"
[ -d /proc/$pid ]; echo "status $?"
ps -o comm,args | grep -v '^ps ' | tail -n +2 | head -n 1 | cut -d' ' -f1
(timeout 1 sleep 50) 2>/dev/null; echo "timeout: $?"
time -f '' true
id -u; id -g
whoami
pidof init; echo "status $?"
cat /proc/sys/kernel/ostype
kill -0 $$ && echo alive
kill -0 99999; echo "status $?"
