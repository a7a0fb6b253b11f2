#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Making, listing, moving and removing directories and names.
cd /tmp && mkdir directories && cd directories || exit 1
mkdir a a/b a/b/c
mkdir -p x/y/z
mkdir a; echo "status $?"
mkdir missing/a; echo "status $?"
mkdir -m 700 private && ls -ld private | cut -c 1-10
rmdir a; echo "status $?"
rmdir a/b/c && ls a/b | wc -l
touch a/file a/b/other
find . | sort
ls -F
ls -a a
ls -R
stat -c '%F %h %n' . a a/b x x/y
rm a; echo "status $?"
rmdir a/file; echo "status $?"
mv a renamed && find renamed | sort
mv renamed x/y/z && find x | sort
mv x x/y; echo "status $?"
mv x/y/z/renamed . && mv renamed a
mv a/file a/b/other && ls a/b a
mkdir empty full && touch full/file
mv -T empty full; echo "status $?"
mv -T a empty && ls empty
cd empty && pwd && cd .. && pwd
(cd empty && rm -rf ../empty && pwd; ls -a; cd ..; pwd) 2>&1
cd x/y/z/../../.. && pwd
ls nothing; echo "status $?"
cd nothing; echo "status $?"
cd full/file; echo "status $?"
cat full; echo "status $?"
cat full/file/more; echo "status $?"
touch "with space" 'quote"d' -- -dash "$(printf 'byte\377')" .hidden
ls | od -c | head -n 4
find . -type f | sort | od -c | tail -n 4
rm -- -dash "with space" 'quote"d' .hidden byte*
ls -a
i=0; while [ $i -lt 200 ]; do echo $i >full/n$i; i=$((i + 1)); done
ls full | wc -l
rm -r full && ls -a
mkdir deep; cd deep; i=0
while [ $i -lt 30 ]; do mkdir directory$i; cd directory$i; i=$((i + 1)); done
pwd | wc -c
cd /tmp/directories && find deep | wc -l && rm -r deep
long=$(printf 'n%.0s' $(seq 1 255))
touch $long && ls | wc -c && rm $long
touch n$long; echo "status $?"
