#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the demonstration container runs: it shows that the image arrived whole and that a Linux shell works on it.

echo "Hello from $(uname -s) on $(uname -m), process $$ of container $(hostname)"

echo
echo "== Two layers, one tree"
cd /srv/layers
ls -l
cat base.txt changed.txt added.txt
if [ -e removed.txt ]; then
    echo "removed.txt is still there: the whiteout did not work"
else
    echo "removed.txt is gone: layer 2 whites it out"
fi
echo "opaque/ has only layer 2's files: $(ls opaque)"

echo
echo "== Environment"
env | sort

echo
echo "== /proc/self"
cat /proc/self/comm
readlink /proc/self/exe
tr '\000' ' ' </proc/self/cmdline
echo
grep -E '^(Name|Pid|PPid|Uid|Gid):' /proc/self/status

echo
echo "== Pipes and files"
seq 1 1000 | awk '{ sum += $1 } END { print "sum of 1 to 1000:", sum }'
find /etc -type f | sort | xargs sha256sum
echo "written in the container" >/tmp/note
(sed 's/written/and read/' | tr a-z A-Z) </tmp/note
dd if=/dev/zero bs=1024 count=64 2>/dev/null | gzip -c | gzip -dc | wc -c

echo
echo "== Done; leaving with exit code 7"
exit 7
