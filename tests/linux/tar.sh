#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Archives and compression, there and back.
cd /tmp && mkdir tar && cd tar || exit 1
mkdir -p tree/sub/deep
seq 1 3000 >tree/numbers
echo text >tree/sub/text
ln tree/numbers tree/hard
ln -s sub/text tree/soft
chmod 640 tree/numbers
touch -d '2020-02-03 04:05:06' tree/numbers tree/sub/text tree/sub/deep tree/sub tree
mkdir tree/empty && touch -d '2021-01-01 00:00:00' tree/empty tree
touch -h -d '2022-02-02 02:02:02' tree/soft
tar cf tree.tar tree && tar tf tree.tar | sort
tar tvf tree.tar | awk '{ print $1, $2, $4, $5, $6 }' | grep -v -e hard -e numbers | sort
mkdir out && tar xf tree.tar -C out
(cd tree && find . -type f | sort | xargs sha256sum) >a
(cd out/tree && find . -type f | sort | xargs sha256sum) >b
diff a b && echo "the same content"
stat -c '%a %h %s %Y %n' out/tree/numbers out/tree/hard out/tree/sub/text
stat -c '%a %h %s %n' out/tree/sub
readlink out/tree/soft
tar czf tree.tar.gz tree && tar tzf tree.tar.gz | wc -l
gzip -c tree.tar | gunzip | cmp - tree.tar && echo "gzip and back"
gzip -k tree.tar && ls tree.tar.gz && gunzip -t tree.tar.gz && echo "archive is good"
tar cf - tree | (cd out && rm -r tree && tar xf -) && ls out/tree
find tree | sort | cpio -o -H newc 2>/dev/null | cpio -t 2>/dev/null | sort
bzip2 -c tree/numbers | bunzip2 | cmp - tree/numbers && echo "bzip2 and back"
head -c 1000 tree.tar.gz >cut.tar.gz
gunzip -c cut.tar.gz >/dev/null 2>&1; echo "a cut archive: $?"
