#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Modes, owners, umask and what other users may do.
cd /tmp && mkdir permissions && cd permissions || exit 1
show() { stat -c '%A %a %u:%g %n' "$@"; }
touch plain && show plain
umask
umask 077 && touch masked && mkdir maskeddir && show masked maskeddir
umask 022
chmod 4755 plain && show plain
chmod u-s,g+w,o= plain && show plain
chmod +x plain && show plain
chmod 1777 . && show .
chown 1000:1000 plain && show plain
chmod 4755 plain && chown 1001 plain && show plain
mkdir shared && chown 0:2000 shared && chmod 2775 shared
touch shared/file && mkdir shared/directory && show shared/file shared/directory
echo secret >secret && chmod 600 secret
echo public >public && chmod 644 public
mkdir closed && touch closed/file && chmod 700 closed
chmod 755 .
cat >try.sh <<'END'
cat secret; echo "status $?"
cat public; echo "status $?"
echo x >>public; echo "status $?"
ls closed; echo "status $?"
cat closed/file; echo "status $?"
touch new; echo "status $?"
rm public; echo "status $?"
chmod 777 public; echo "status $?"
chown 0 plain; echo "status $?"
id -u
END
chmod 755 try.sh
su -s /bin/sh nobody -c 'sh try.sh' 2>&1
mkdir sticky && chmod 1777 sticky && touch sticky/root
su -s /bin/sh nobody -c 'rm -f sticky/root; echo "status $?"; touch sticky/own && rm sticky/own; echo "status $?"' 2>&1
chmod 000 public && cat public
test -x public; echo "root executes nothing without x: $?"
./public; echo "status $?"
test -r secret && test -w secret && echo "root reads and writes"
