# SPDX-License-Identifier: Apache-2.0
#
# What of a tar archive a program sees: run in a container and on Linux, by archives.test.ts.
cd /srv/features || exit 1

echo '- types, permissions, owners, devices, times'
stat -c '%n|%F|%a|%u|%g|%h|%t|%T|%Y' -- *
ls -ln --full-time devices modes
[ "$(stat -c %i links/one)" = "$(stat -c %i links/two)" ] && echo 'one file'

echo '- devices can be opened'
head -c 5 devices/zero | od -An -tx1
echo gone >devices/null && cat devices/null
(echo full >devices/full) 2>&1

echo '- set-user-id and set-group-id'
./show ids
su -s /bin/sh user -c './show ids; modes/set-user-id ids; modes/set-group-id ids'

echo '- names'
ls names | od -An -tx1
cat names/*
find names -type f | wc -c
find deep -type f -exec cat '{}' ';'
find deep -type l -exec readlink '{}' ';'

echo '- sparse files'
cd sparse || exit 1
stat -c '%n %s' -- */*
md5sum -- */*
tail -c 70000 old/file | od -An -tx1
cd ..

echo '- extended attributes'
./show attributes/file attributes/program attributes/directory

echo '- a hard link to a file of a lower layer'
cat links/later
echo changed >links/later
cat links/first
stat -c %h links/first links/later
