# SPDX-License-Identifier: Apache-2.0
#
# bash with GNU's coreutils, findutils, grep, sed, gawk, tar, gzip and xz, at ordinary work. What is printed is the same on
# every Linux.
set -u
export LC_ALL=C.UTF-8 TZ=UTC
cd /tmp
section() { printf '== %s\n' "$*"; }

section bash
declare -A colours=([sky]=blue [grass]=green)
for key in sky grass; do echo "$key is ${colours[$key]}"; done
numbers=({1..5})
echo "${numbers[@]:1:3} ${#numbers[@]} $((7 ** 3)) ${BASH_VERSION%%.*}"
[[ "sealift-12.5" =~ ^([a-z]+)-([0-9]+) ]] && echo "${BASH_REMATCH[1]}:${BASH_REMATCH[2]}"
mapfile -t lines < <(printf '%s\n' one two three)
echo "${#lines[@]} ${lines[2]}"
cat <<<"a here string"
diff <(seq 5) <(seq 2 6)
coproc doubled { while read -r number; do echo $((number * 2)); done; }
echo 21 >&"${doubled[1]}"
read -r answer <&"${doubled[0]}"
echo "the coprocess says $answer"
exec {doubled[1]}>&-
wait
trap 'echo "trapped USR1"' USR1
kill -USR1 $$
(trap 'echo "the subshell leaves with $?"' EXIT; exit 3)
echo "status $?"
set -o pipefail
false | true; echo "pipefail ${PIPESTATUS[*]}"
sleep 30 & kill $!; wait $! 2>/dev/null; echo "sleep ended with $?"
for i in 1 2 3; do (sleep 0.0$i; exit $i) & done
sum=0; for job in $(jobs -p); do wait "$job"; sum=$((sum + $?)); done; echo "jobs sum to $sum"
timeout 0.2 sleep 10; echo "timeout says $?"
timeout --signal=KILL 0.2 sleep 10; echo "and with KILL $?"
printf '%s\n' {a..c}{1..2} | xargs -n 2 -P 1 echo
read -r -t 0.1 nothing < <(sleep 1); echo "read -t $(($? > 128))"

section coreutils
mkdir -p tree/{a,b}/{x,y}; for i in 1 2 3; do echo "file $i" >"tree/a/x/$i.txt"; done
ln -s x tree/a/link; ln tree/a/x/1.txt tree/b/hard; mkfifo tree/b/fifo
chmod 640 tree/a/x/2.txt; chown 1000:50 tree/a/x/3.txt; touch -d 2001-02-03T04:05:06Z tree/a/x/1.txt
stat -c '%n %F %a %u:%g %h %s' tree/a/x/*.txt tree/a/link tree/b/fifo
stat -c '%y' tree/b/hard
cp -a tree copy; rm -r tree/a/y; diff -r tree copy
cp --reflink=auto tree/a/x/1.txt reflinked && cat reflinked
mv copy/a copy/moved && ls -R copy
ls -l --time-style=+ copy/moved/x
seq 1000 | shuf --random-source=<(yes) | sort -n | uniq | head -n 3
seq 1000 | tail -n 2; seq 5 | tac | paste -sd,
printf 'b 2\na 1\nc 3\n' | sort | join - <(printf 'a x\nb y\n')
echo 'Sealift' | tr a-z A-Z | rev 2>/dev/null || echo 'no rev'
printf 'x%.0s' {1..100000} | wc -c; printf 'x%.0s' {1..70} | fold -w 32
echo 'sealift' | tee one two | sha256sum; md5sum one two; cksum one; b2sum one; base64 one
split -b 1000 -d <(seq 1000) part.; ls part.*; cat part.* | cmp - <(seq 1000) && echo same
dd if=/dev/zero of=sparse bs=1 count=1 seek=1048575 2>/dev/null; stat -c %s sparse
truncate -s 10 sparse; od -An -tx1 sparse
dd if=/dev/urandom bs=4096 count=16 2>/dev/null | wc -c
printf '\x01\x02abc' | od -c; date -u -d @1704067200 '+%F %T %A'; numfmt --to=iec 123456789; factor 1234567890
expr 6 '*' 7; test -p tree/b/fifo && echo fifo; realpath tree/a/link/../x; readlink -f tree/a/link
basename /a/b.c .c; dirname /a/b/c; nproc --all >/dev/null && echo nproc; env -i A=1 env; id -u; id -gn; whoami
(umask 027; touch masked; stat -c %a masked); install -m 711 -D one deep/er/installed; stat -c %a deep/er/installed
du -a --apparent-size -B1 tree/a/x | sort -k2; mktemp -u temp.XXX | wc -c; comm -12 <(seq 5) <(seq 3 8)
nl -ba <(printf 'a\n\nb\n'); expand <(printf 'a\tb\n'); pr -t -2 -l 3 <(seq 6); csplit -s <(seq 10) 4 7; ls xx0*
chroot / /bin/echo chrooted; nice -n 5 nice; tty; stdbuf -o0 echo unbuffered; sync; true; false || echo false
rm -rf missing && rmdir tree/b/y && ls tree/b; rm one/two 2>&1; cat missing 2>&1; mkdir tree 2>&1; rmdir tree 2>&1

section findutils
find tree -type f -name '*.txt' | sort; find tree -newermt 2020-01-01 -type f | sort
find tree -type f -size -2 -printf '%P %m %n %s\n' | sort; find tree -type l -exec readlink {} +
find tree -name '*.txt' -print0 | sort -z | xargs -0 cat; find tree -depth -name b -exec rm -r {} \; ; ls tree
find / -xdev -maxdepth 1 -type d ! -name lost+found ! -name .. | sort

section grep sed gawk
printf 'alpha\nbeta\ngamma\n' >greek
grep -n a greek; grep -c . greek; grep -E '^(al|be)' greek; grep -o 'm.' greek; grep -v a greek; echo "none: $?"
grep -rl 'file 2' tree; grep -P '(?<=g)amma' greek; grep -A1 beta greek; grep -iw ALPHA greek
sed -n '2p;$=' greek; sed -E 's/(.)(.)/\2\1/' greek; sed -i 's/beta/BETA/' greek; cat greek; sed '1~2d' greek
seq 12 | sed -n '4,6{s/$/!/;p}'; sed 'N;P;D' greek; printf 'ümläut\n' | sed 's/./x/2'
gawk 'BEGIN { printf "%05.2f %s %d\n", 3.14159, toupper("ok"), length("äöü") }'
awk -F: '$3 < 3 { print $1, $NF }' /etc/passwd
seq 100 | gawk '{ s += $1; q[$1 % 3]++ } END { print s, q[0], q[1], q[2]; PROCINFO["sorted_in"] = "@ind_num_asc"; for (k in q) print k, q[k] }'
gawk 'BEGIN { "echo piped" | getline line; print line; print "b\na" | "sort"; close("sort"); print strftime("%Y", 0, 1) }'
gawk 'BEGIN { cat = "cat"; print "to the coprocess" |& cat; close(cat, "to"); cat |& getline answer; print answer }'

section tar gzip xz
tar -cf one.tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner tree greek; sha256sum one.tar; tar -tvf one.tar
gzip -9nk one.tar; sha256sum one.tar.gz; zcat one.tar.gz | cmp - one.tar && echo equal; gzip -l one.tar.gz
xz -k one.tar; xz -t one.tar.xz && xzcat one.tar.xz | sha256sum; xz -T2 -c one.tar | xz -dc | cmp - one.tar && echo equal
mkdir out; tar -xzf one.tar.gz -C out; diff -r tree out/tree && echo unpacked; tar -xJf one.tar.xz -C out greek --to-stdout
tar -czf two.tgz tree && tar -tzf two.tgz | sort; tar -rf one.tar one; tar -tf one.tar | tail -n 1; gzip -t two.tgz; echo $?
printf 'not gzip' | gzip -d 2>&1; echo "status $?"
exit 5
