# SPDX-License-Identifier: Apache-2.0
#
# Becomes nginx with two workers, and says when both have served.
sed -i 's/worker_processes .*/worker_processes 2;/; s/error_log .*/error_log stderr notice;/' /etc/nginx/nginx.conf
cat >/etc/nginx/sites-enabled/default <<CONFIGURATION
server {
    listen 80 reuseport;
    root /srv/site;
    add_header X-Worker \$pid;
}
CONFIGURATION
(
    until curl -s -o /dev/null http://127.0.0.1/; do sleep 0.05; done
    until [ "$(sort -u workers 2>/dev/null | wc -l)" = 2 ]; do
        curl -s -o /dev/null -w '%header{x-worker}\n' http://127.0.0.1/ >>workers
    done
    echo served
) &
exec nginx -g 'daemon off;'
