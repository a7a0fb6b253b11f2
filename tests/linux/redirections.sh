#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Redirections, here-documents, descriptors and their duplicates.
cd /tmp && mkdir redirections && cd redirections || exit 1
echo one >file
echo two >>file
cat file
cat <file >copy
cmp file copy && echo same
cat <<END
here $((1 + 2))
END
cat <<'END'
verbatim $((1 + 2))
END
cat <<-END
	tabs go
END
{ echo out; echo err >&2; } >both 2>&1
cat both
{ echo out; echo err >&2; } 2>errors >output
echo "output: $(cat output), errors: $(cat errors)"
exec 3>third
echo third >&3
exec 3>&-
cat third
echo closed >&3 2>/dev/null || echo "descriptor 3 is closed"
exec 4<file
read -r line <&4
echo "first: $line"
read -r line <&4
echo "second: $line"
read -r line <&4 || echo "end of file"
exec 4<&-
: >file
wc -c <file
set -C
echo refused 2>/dev/null >file || echo "noclobber holds"
echo forced >|file
cat file
set +C
exec 5<>file
read -r line <&5
echo "read $line" >&5
exec 5>&-
cat file
cat nothing 2>&1
echo "status $?"
cat </nowhere 2>&1
echo "status $?"
echo x >/nowhere/file
echo "status $?"
ls . >list
cat list
echo to-dev-null >/dev/null
wc -c </dev/null
echo through-dev-stdout >/dev/stdout
echo through-dev-fd | cat /dev/fd/0
echo through-dev-stdin | cat /dev/stdin
echo through-stderr >/dev/stderr
