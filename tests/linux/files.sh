#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# File contents: positions, sizes, holes, appending, truncating, copying.

# cat(1) of a file that is changed in place afterwards: sendfile(2) hands Linux's pipe the file's pages, not a copy of
# them, so that the reader could see the change. The second cat copies before the script goes on.
show() { cat "$1" | cat; }

cd /tmp && mkdir files && cd files || exit 1
printf 0123456789 >ten
dd if=ten bs=1 skip=3 count=4 2>/dev/null; echo
dd if=ten of=ten2 bs=3 2>/dev/null && cmp ten ten2 && echo same
printf AB | dd of=ten bs=1 seek=4 conv=notrunc 2>/dev/null && show ten && echo
printf CD | dd of=ten bs=1 seek=6 2>/dev/null && show ten && echo
printf x | dd of=sparse bs=1 seek=1000000 2>/dev/null
stat -c '%s %b' sparse
sha256sum sparse
tail -c 1 sparse && echo
truncate -s 5000 sparse && stat -c '%s %b' sparse
truncate -s 100000 sparse && sha256sum sparse
printf y >>sparse && wc -c <sparse
printf 'line %s\n' 1 2 3 >lines && printf 'line 4\n' >>lines && show lines
truncate -s 10 lines && od -c lines
truncate -s 14 lines && od -c lines
dd if=/dev/zero of=zeros bs=4096 count=20 2>/dev/null && sha256sum zeros && stat -c '%s %b' zeros
dd if=/dev/zero of=zeros bs=1 seek=50000 count=0 2>/dev/null && stat -c '%s %b' zeros
seq 1 50000 >numbers && sha256sum numbers && wc numbers
cp numbers copy && cmp numbers copy && echo "copied"
cp -a numbers kept && cmp numbers kept && echo "kept"
sed -i 's/^5$/five/' copy && diff numbers copy
mv copy moved && ls
split -b 60000 numbers part && ls part* && cat part* | cmp - numbers && echo "whole again"
head -c 5000 numbers | tail -c 10 | od -c
tail -n 2 numbers
tac numbers | head -n 1
sort -rn numbers | sed -n '1p;$p'
grep -c 7 numbers
md5sum numbers sparse zeros
cksum ten
du -k numbers zeros sparse
rm numbers && cat numbers; echo "status $?"
(exec 3<moved; rm moved; head -n 2 <&3; ls moved)
cat /srv/layers/base.txt >base && cat base
echo changed >>/srv/layers/base.txt && show /srv/layers/base.txt
: >/srv/layers/base.txt && wc -c /srv/layers/base.txt
echo x >/dev/full; echo "status $?"
head -c 5 /dev/zero | od -c
head -c 100 /dev/urandom | wc -c
