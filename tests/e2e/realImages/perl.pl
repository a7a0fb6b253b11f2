# SPDX-License-Identifier: Apache-2.0
#
# Perl at ordinary work: processes, pipes, signals, files, sorting, modules. What is printed is the same on every Linux.
use strict;
use warnings;
use threads;
use threads::shared;
use Cwd;
use Digest::SHA qw(sha256_hex);
use Encode;
use Fcntl qw(:flock :seek);
use File::Find;
use File::Temp qw(tempfile tempdir);
use IO::Handle;
use IO::Select;
use IPC::Open3;
use List::Util qw(sum reduce);
use POSIX qw(:sys_wait_h strftime floor);
use Storable qw(freeze thaw);
use Time::HiRes qw(sleep time alarm);

$| = 1;
binmode STDOUT, ':encoding(UTF-8)';
print "sum ", sum(1 .. 100), ", factorial ", (reduce { $a * $b } 1 .. 15), "\n";
my %count;
$count{$_}++ for split //, 'mississippi';
print join(' ', map {"$_=$count{$_}"} sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count), "\n";
(my $text = 'The quick brown fox') =~ s/(\w+)/\u\L$1/g;
print "$text: ", scalar reverse($text), "\n";
print sha256_hex('sealift'), ' ', length(encode('UTF-8', "\x{263a}\x{e4}")), " \x{263a}\n";
print strftime('%Y-%m-%d %H:%M:%S', gmtime 1704067200), ' ', floor(-2.5), "\n";
print join(',', @{ thaw(freeze([ 1, 'two', { three => 3 } ])) }[ 0, 1 ]), "\n";

my $folder = tempdir(CLEANUP => 1);
chdir $folder or die;
for my $name (qw(b a c)) {
    open my $out, '>', "$name.txt" or die;
    print $out "$name line $_\n" for 1 .. 3;
    close $out;
}
opendir my $directory, '.' or die;
print join(' ', sort grep { !/^\./ } readdir $directory), "\n";
my $bytes = 0;
find(sub { $bytes += -s if -f }, '.');
print "bytes $bytes\n";
open my $both, '+<', 'a.txt' or die;
flock $both, LOCK_EX or die;
seek $both, -9, SEEK_END;
print 'last: ', scalar <$both>;
truncate $both, 5;
close $both;
print 'size ', -s 'a.txt', ' mode ', sprintf('%o', (stat 'b.txt')[2] & 07777), "\n";
rename 'c.txt', 'd.txt' or die;
print 'c is ', (-e 'c.txt' ? 'there' : 'gone'), ', unlinked ', unlink('b.txt', 'd.txt'), "\n";
open my $missing, '<', 'missing' or print "missing: $!\n";

print 'backticks: ', `echo one; echo two`;
print 'status ', system('exit 3') >> 8, "\n";
my @children = map { my $pid = fork // die; exit $_ unless $pid; $pid } 1 .. 5;
print 'exits ', join(' ', sort map { waitpid $_, 0; $? >> 8 } @children), "\n";
pipe my $from, my $to or die;
if (!fork) { close $from; print $to "through the pipe $_\n" for 1 .. 3; close $to; POSIX::_exit(0) }
close $to;
print while <$from>;
wait;
my $pid = open3(my $in, my $out, undef, 'tr', 'a-z', 'A-Z');
print $in "to upper case\n";
close $in;
print <$out>;
waitpid $pid, 0;
local $SIG{USR1} = sub { print "USR1\n" };
kill USR1 => $$;
eval { local $SIG{ALRM} = sub { die "alarm\n" }; alarm 0.1; sleep 5; };
print "woken by $@";
local $SIG{CHLD} = sub { print "a child ended\n" if waitpid(-1, WNOHANG) > 0 };
if (!fork) { POSIX::_exit(0) }
sleep 1;
local $SIG{PIPE} = 'IGNORE';
pipe my $reader, my $writer;
close $reader;
print 'EPIPE: ', (defined syswrite($writer, 'x') ? 'no' : $!), "\n";
my $select = IO::Select->new(\*STDIN);
print 'readable ', scalar($select->can_read(1)), ', read ', scalar(<STDIN>);

my $total : shared = 0;
my @threads = map { threads->create(sub { for (1 .. 200) { lock $total; $total++ } return $_[0] ** 2 }, $_) } 1 .. 4;
print 'threads ', join(' ', map { $_->join } @threads), " total $total\n";
printf "%s %s\n", $0 eq '-e' ? 'script' : $0, $] >= 5.036 ? 'modern' : 'old';
END { print "END block\n" }
exit 4;
