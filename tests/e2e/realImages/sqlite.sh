# SPDX-License-Identifier: Apache-2.0
#
# SQLite's shell: a database file, journals, locks between processes, and a process that is killed in the middle of a transaction.
cd /tmp
sqlite3 data.db <<SQL
pragma journal_mode = wal;
create table account (id integer primary key, owner text not null, balance integer check (balance >= 0));
insert into account values (1, 'Ada', 100), (2, 'Grace', 50);
create index by_owner on account (owner);
begin; update account set balance = balance - 30 where id = 1; update account set balance = balance + 30 where id = 2; commit;
.mode column
.headers on
select * from account order by owner;
with recursive n (i) as (select 1 union all select i + 1 from n where i < 2000)
    insert into account (owner, balance) select printf('owner %05d', i), i * 7 % 1000 from n;
select count(*), sum(balance), group_concat(distinct length(owner)) from account;
select owner, rank() over (order by balance desc, id) as place from account order by place limit 3;
update account set balance = -1 where id = 1;
explain query plan select * from account where owner = 'Ada';
SQL
echo "status $?"
ls data.db*
for journal in delete truncate persist memory wal off; do
    sqlite3 "$journal.db" "pragma journal_mode = $journal; create table t (a); insert into t values (1), (2); update t set a = a + 1;
        select sum(a) from t; pragma integrity_check;"
done

# A writer holds the lock while another waits for it in vain, and a reader sees what was committed.
mkfifo commands
# It waits when those that try whether there is a lock yet have it at that moment.
sqlite3 -cmd '.timeout 20000' data.db <commands >/dev/null &
exec 3>commands
echo "begin immediate; update account set balance = 0; select 'locked';" >&3
until sqlite3 -cmd '.timeout 0' data.db 'begin immediate; rollback' 2>&1 | grep -q locked; do :; done
sqlite3 -cmd '.timeout 100' data.db "insert into account values (9999, 'late', 1)" 2>&1
sqlite3 data.db 'select count(*), sum(balance) from account'
echo 'rollback;' >&3
exec 3>&-
wait
sqlite3 data.db "insert into account values (9999, 'late', 1); select count(*), sum(balance) from account"

# Killed with a transaction half written to the log: it has never been. What was committed before is there, checkpointed or not.
sqlite3 data.db 'pragma wal_checkpoint(truncate)'
sqlite3 data.db <commands >progress &
writer=$!
exec 3>commands
echo "pragma synchronous = full; pragma wal_autocheckpoint = 0; pragma cache_size = 10;
create table log (i integer primary key, text); insert into log values (1, 'committed');
begin; with recursive n (i) as (select 2 union all select i + 1 from n where i < 5000) insert into log select i, hex(zeroblob(200)) from n;
select 'half way';" >&3
until grep -qs 'half way' progress; do :; done
kill -9 $writer
# The shell says that it was killed when it notices before it waits, and not otherwise.
wait $writer 2>/dev/null
echo "the writer ended with $?"
exec 3>&-
ls -l data.db-wal | awk '{ print ($5 > 500000 ? "the log is long" : "the log is short: " $5) }'
sqlite3 data.db 'pragma integrity_check; select count(*), min(text) from log; select count(*), sum(balance) from account;'
sqlite3 data.db 'pragma wal_checkpoint(truncate); vacuum; pragma integrity_check; select count(*) from log;'
ls data.db*
sqlite3 data.db .dump | sha256sum
exit 8
