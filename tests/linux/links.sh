#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Hard and symbolic links.
cd /tmp && mkdir links && cd links || exit 1
echo content >file
ln file hard
ls -l | awk 'NR > 1 { print $1, $2, $5, $9 }'
stat -c '%h %n' file hard
[ file -ef hard ] && echo "one file"
echo more >>hard
cat file
rm file
stat -c '%h %n' hard
cat hard
ln -s hard soft
readlink soft
cat soft
ls -l soft | sed 's/.* soft/soft/'
stat -c '%F %s' soft
ln -s nowhere dangling
cat dangling; echo "status $?"
echo made >dangling && cat nowhere
ln -s loop loop
cat loop; echo "status $?"
ln -s one two && ln -s two one
cat one; echo "status $?"
mkdir directory && ln -s directory door && touch directory/inside
ls door door/
ls -d door
rm door/; echo "status $?"
rmdir door; echo "status $?"
rm door && ls directory
ln -s /tmp/links/directory absolute && ls absolute
ln -s ../links/directory/inside relative && ls -l relative | sed 's/.*-> //'
cat relative && wc -c <relative
(cd absolute && pwd -P; pwd -L)
ln directory nope; echo "status $?"
ln missing nope; echo "status $?"
ln hard soft; echo "status $?"
ln -sf hard soft && readlink soft
mv soft moved && readlink moved
cp -P moved copied && readlink copied
cp moved followed && [ ! -L followed ] && cat followed
readlink -f absolute/../relative
realpath absolute/inside
i=0; p=hard
while [ $i -lt 40 ]; do ln -s $p s$i; p=s$i; i=$((i + 1)); done
cat s38 | head -n 1
ln -s s39 s40
cat s40; echo "status $?"
find . -type l | wc -l
rm -r /tmp/links/* && ls -A
