# SPDX-License-Identifier: Apache-2.0
#
# nginx with Debian's configuration and a site of its own: static files, ranges, compression, errors, reloading, an end by SIGTERM.
cd /tmp
cat >/etc/nginx/sites-available/default <<CONFIGURATION
server {
    listen 80 default_server;
    listen [::]:80 default_server;
    root /srv/site;
    index index.html;
    autoindex on;
    gzip on;
    gzip_types text/plain;
    location /private { return 403; }
    location /moved { return 301 /; }
}
CONFIGURATION
ln -s /etc/nginx/sites-available/default /etc/nginx/sites-enabled/default 2>/dev/null
sed -i 's/worker_processes .*/worker_processes 1;/' /etc/nginx/nginx.conf
nginx -t 2>&1
nginx -g 'daemon off;' &
server=$!
until curl -s -o /dev/null http://127.0.0.1/; do sleep 0.05; done
fetch() { curl -s -o body -w '%{http_code} %{content_type} %{size_download}\n' "$@"; }
curl -si http://127.0.0.1/ | grep -v '^Date'
fetch http://localhost/large.bin
sha256sum body /srv/site/large.bin
fetch -r 100000-100099 http://[::1]/large.bin
head -c 20 body
echo
fetch http://127.0.0.1/private
fetch http://127.0.0.1/moved
fetch http://127.0.0.1/missing
fetch -X POST -d data http://127.0.0.1/
seq 10000 >/srv/site/numbers.txt
curl -s --compressed http://127.0.0.1/numbers.txt | sha256sum
fetch -H 'Accept-Encoding: gzip' http://127.0.0.1/numbers.txt
gzip -dc body | tail -n 1
fetch -H 'If-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT' http://127.0.0.1/index.html
for i in 1 2 3 4 5 6 7 8; do curl -s http://127.0.0.1/large.bin | sha256sum & done | sort | uniq -c
ab -q -n 300 -c 10 -k http://127.0.0.1/index.html | grep -E '^(Complete|Failed) requests|^Document Length'
mkdir /srv/other
echo 'another site' >/srv/other/index.html
sed -i 's:root .*:root /srv/other;:' /etc/nginx/sites-available/default
nginx -s reload 2>/dev/null
# An old worker may still take a connection after a new one has.
until curl -s http://127.0.0.1/ | grep another; do sleep 0.05; done
kill -TERM $server
wait $server
echo "the server ended with $?"
cut -d' ' -f1,6-10 /var/log/nginx/access.log | grep -v ApacheBench | awk '{ print $2, $3, $5 }' | sort | uniq -c |
    awk '$3 != "/" { print $2, $3, $4 }'
cat /var/log/nginx/error.log | cut -d']' -f2- | sed 's/^ [0-9]*#[0-9]*: //' | grep -v ^signal
ls /run/nginx.pid 2>&1
