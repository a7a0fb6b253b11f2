#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Text tools on the same data.
cd /tmp && mkdir text && cd text || exit 1
cat >data <<END
pear 30 green
apple 10 red
fig 7 purple
apple 20 yellow
banana 5 yellow
END
sort data
sort -k2n data
sort -u -k1,1 data
cut -d' ' -f1,3 data
awk '{ n[$1] += $2 } END { for (k in n) print k, n[k] }' data | sort
awk -F' ' 'NR % 2 { printf "%-8s|%5.2f\n", $1, $2 / 3 }' data
sed -e 's/apple/APPLE/' -e '/fig/d' -e '2i\
inserted' data
sed -n '2,4p' data
grep -n yellow data
grep -v a data
grep -E '^(fig|pear) [0-9]+' data
grep -c nothing data; echo "status $?"
uniq -c <<END
a
a
b
END
tr -d aeiou <data
tr -s '[:space:]' '\n' <data | sort | uniq -c | sort -rn | head -n 3
nl data
head -n 2 data; tail -n 2 data
paste data data | head -n 1
join <<END - data 2>/dev/null || echo "no join"
apple
END
expr 6 \* 7
expr length hello
seq -s, 1 5
printf '%05d %x %o %c %s\n' 42 255 8 A text
od -An -tx1 -N16 data
hexdump -C data | head -n 2
wc data
fold -w 10 data | head -n 4
comm -12 data data | head -n 1
diff data - <<END
pear 30 green
apple 10 red
fig 8 purple
apple 20 yellow
END
echo "status $?"
date -u -d '2024-02-29 12:00:00' '+%Y-%m-%d %H:%M:%S %j %a'
date -u -d @86400 +%F
cal 2 2024
echo 'scale=3; 22/7' | bc
echo '2 3 + p' | dc
factor 1001
basename /a/b/c.txt .txt; dirname /a/b/c.txt
echo hello | base64 | base64 -d
echo hello | md5sum; echo hello | sha1sum; echo hello | sha512sum | cut -c 1-20
xargs -n 2 echo <<END
one two three
END
find /etc -name 'p*' | sort
test 3 -gt 2 && [ abc = abc ] && echo "tests hold"
strings /bin/busybox | head -n 1 | wc -l
