#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The image's layers under the writable one: reading, copying up, hiding, replacing.
cd /srv/layers || exit 1
ls -la | sed 's/[A-Z][a-z][a-z]  *[0-9]* *[0-9:]* \(\S*\)$/\1/' | awk '{ print $1, $3, $4, $NF }' | sed 1d
find . | sort
cat *.txt
inode=$(stat -c %i base.txt)
echo appended >>base.txt && cat base.txt
[ "$inode" = "$(stat -c %i base.txt)" ] && echo "inode kept"
rm base.txt && ls
cat base.txt; echo "status $?"
echo new >base.txt && cat base.txt && ls
mv added.txt opaque/moved.txt && ls . opaque
mv opaque clear && ls clear && ls opaque; echo "status $?"
mkdir opaque && ls -a opaque
rm -r clear && find . | sort
chmod 600 changed.txt && stat -c '%a %s' changed.txt && cat changed.txt
cd /usr && find . -type d | sort | head -n 20
rm -r /usr/sbin/* && ls /usr/sbin | wc -l
rmdir /usr/sbin && ls /usr
mkdir /usr/sbin && ls -a /usr/sbin
ln /bin/busybox /tmp/another && /tmp/another echo "a hard link to a file of a layer"
cmp /bin/busybox /tmp/another && echo same
cp /bin/busybox /tmp/busybox && cmp /bin/busybox /tmp/busybox && /tmp/busybox echo "a copy runs"
mv /home /tmp/home && ls /tmp/home
stat -c '%h %F' / /usr /tmp
