#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Pipelines: order, exit codes, broken pipes, long data, named pipes.
cd /tmp && mkdir pipes && cd pipes || exit 1
echo hello | tr a-z A-Z | rev
seq 1 100000 | tail -n 1
seq 1 100000 | sha256sum
yes | head -n 3
yes 2>/dev/null | head -c 100000 | wc -c
true | false
echo "last decides: $?"
false | true
echo "last decides: $?"
set -o pipefail
false | true
echo "pipefail: $?"
set +o pipefail
dd if=/dev/zero bs=100000 count=3 2>/dev/null | wc -c
dd if=/dev/zero bs=1000 count=300 2>/dev/null | dd bs=777 2>/dev/null | wc -c
(echo a; echo b; echo c) | while read -r x; do echo "<$x>"; done
echo nested $(echo $(echo deep | cat) | cat)
mkfifo pipe
ls -l pipe | cut -c 1-10
(echo through the fifo >pipe) &
cat pipe
wait
(cat pipe >got) &
echo other way >pipe
wait
cat got
(for i in 1 2 3; do echo $i; done >pipe) &
while read -r i; do echo "fifo $i"; done <pipe
wait
rm pipe
(sleep 0; exit 5) | cat
seq 10 | (read -r a; read -r b; echo "$a $b"; cat | wc -l)
seq 1 5 | tee copy | wc -l
cat copy | paste -s -d, -
{ sleep 1; echo late; } | cat
seq 1 20000 | sort -rn | head -n 3
seq 1 20000 | (sleep 1; tail -n 1)
i=0; while [ $i -lt 40 ]; do echo $i | cat; i=$((i + 1)); done | tail -n 1
