# Two servers change roles and change them back while a client commits every 5 ms: nothing acknowledged is lost. What stands
# in the way is said before anything changes; killed at any point, there are never two primaries, and the same command goes on.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use CommitWriter;
use POSIX ();
use ReplicaTest;
use Test::More;
use Time::HiRes qw(sleep time);

my $kills = $ENV{PG_REPLICA_KILLS} || 4;
my $primary = stock_primary('primary');
my @as_admin = (passfile => $primary->passfile);
my %port = (one => $primary->port, two => free_port(), three => free_port());
my %directory = (one => $primary->data_dir, map { $_ => new_standby_directory($primary, $_) } qw(two three));
stop_at_end($directory{one});

sub on { my ($name, $sql) = @_; return psql_value('127.0.0.1', $port{$name}, 'postgres', $primary->passfile, $sql) }
sub login { return ('-w', '-h', '127.0.0.1', '-p', $port{ $_[0] }, '-U', 'postgres', '-d', 'postgres') }
sub arguments { my ($from, $to, @more) = @_; return [ 'switchover', login($to), '-D', $directory{$from}, '--name', $from, '--bindir', bindir(), '--prepare', @more ] }
sub switchover { return run_tool(arguments(@_), @as_admin) }
# "f" takes writes, "t" is a standby, "" does not answer
sub role { my ($name) = @_; return on($name, 'SELECT pg_is_in_recovery()') // '' }
sub primaries { return join(',', grep { role($_) eq 'f' } qw(one two)) }

for my $name (qw(two three))
{
	my $clone = run_tool(clone_arguments($primary, $directory{$name}, $port{$name}, $name, '--prepare'), @as_admin);
	is($clone->{status}, 0, "the standby $name is made") or BAIL_OUT($clone->{output});
}
$primary->psql_ok('CREATE TABLE numbers (n bigint PRIMARY KEY)');

# --- what stands in the way

my $result = switchover('two', 'one');
is($result->{status}, 0, 'on the standby\'s host there is nothing to do');
like($result->{stderr}, qr/nothing is left to be switched/, 'and it says so');
is(on('one', 'SELECT count(*) FROM pg_replication_slots'), '2', 'and changes nothing');
on('two', 'SELECT pg_wal_replay_pause()');
$result = switchover('one', 'two');
is($result->{status}, 4, 'a standby whose replay is paused is in the way');
like($result->{stderr}, qr/pg_wal_replay_resume/, 'and the hint resumes it');
is(role('one') . role('two'), 'ft', 'nothing has changed');
on('two', 'SELECT pg_wal_replay_resume()');

on('two', q{ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 port=1'});
on('two', q{SELECT pg_reload_conf()});
poll_until(sub { on('one', q{SELECT count(*) FROM pg_stat_replication WHERE application_name = 'two'}) eq '0' }, 20);
$result = switchover('one', 'two');
is($result->{status}, 4, 'a standby that does not stream is in the way');
like($result->{stderr}, qr/does not stream from this primary/, 'and it is said');
my ($conf) = slurp("$directory{three}/postgresql.auto.conf") =~ /^primary_conninfo = '(.*)'$/m;
$conf =~ s/three/two/g;
on('two', qq{ALTER SYSTEM SET primary_conninfo = '$conf'});
on('two', q{SELECT pg_reload_conf()});
poll_until(sub { (on('one', q{SELECT state FROM pg_stat_replication WHERE application_name = 'two'}) // '') eq 'streaming' }, 20);

my $stranger = stock_primary('stranger', extension => 1);
$result = run_tool([ 'switchover', '-w', $stranger->connection, '-D', $directory{one}, '--bindir', bindir() ], passfile => $stranger->passfile);
isnt($result->{status}, 0, 'another cluster is no partner');
is(role('one'), 'f', 'the primary is one still');

$result = run_tool([ 'switchover', login('two'), '-D', $directory{one}, '--name', 'one', '--bindir', bindir() ], @as_admin);
is($result->{status}, 4, 'without a role for the way back it is refused');
like($result->{stderr}, qr/does not exist.*Add --prepare/s, 'and the option that makes it is named');

$result = switchover('one', 'two', '--dry-run');
is($result->{status}, 0, '--dry-run succeeds') or diag($result->{output});
like($result->{stdout}, qr/role.*slot "one".*other standby.*configuration.*standby's directory.*Stop.*replayed.*Promote.*Start.*streaming.*marker/s, 'and prints the plan');
ok(!-e "$directory{one}/standby.signal" && !-e "$directory{one}/pg_replica.switchover", 'it changes nothing here');
is(on('two', 'SELECT count(*) FROM pg_replication_slots'), '0', 'nor there');

# --- there and back, with a client that writes

my $file = $primary->base . '/acknowledged';
my $writer = fork();
if ($writer == 0)
{
	%ENV = (PATH => $ENV{PATH}, PGPASSFILE => $primary->passfile);
	CommitWriter::run("host=127.0.0.1,127.0.0.1 port=$port{one},$port{two} user=postgres dbname=postgres target_session_attrs=read-write connect_timeout=5", $file);
	POSIX::_exit(0);    # servers are stopped at the end of the test, not of this process
}
poll_until(sub { -s $file }, 20);
$result = switchover('one', 'two');
is($result->{status}, 0, 'the roles are changed') or diag($result->{output});
like($result->{stdout}, qr/No server took writes for \d+ ms/, 'the time without writes is told');
like($result->{stdout}, qr/"three" follows this server still.*pg_replica follow/, 'the other standby is named, with its command');
is(role('one') . role('two'), 'tf', 'the old primary is a standby, the standby the primary');
is(on('one', 'SELECT sender_port FROM pg_stat_wal_receiver'), $port{two}, 'and streams from it');
is(on('one', 'SHOW port'), $port{one}, 'on its own port');
is(on('one', q{SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'two'}), '0', 'the slot that nobody needs is dropped');
ok(!-e "$directory{one}/pg_replica.switchover", 'no mark is left');

$result = switchover('one', 'two');
is($result->{status}, 0, 'a second time there is nothing to do');
like($result->{stderr}, qr/nothing is left to be switched/, 'and it says so');

is(on('two', q{SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'three'}), '1', 'the slot of the other standby was there beforehand');
$result = run_tool([ 'follow', login('two'), '-D', $directory{three} ], @as_admin);
is($result->{status}, 0, 'the other standby follows') or diag($result->{output});

$result = switchover('two', 'one');
is($result->{status}, 0, 'and back again') or diag($result->{output});
is(role('one') . role('two'), 'ft', 'as in the beginning');

# --- kill -9 at several points

my @points = ('Create the replication slot', 'standby\'s directory', 'Stop this server', 'has replayed the last', 'Promote the standby',
	'Start this server', 'See it streaming', 'Drop the slot');
my $killed = $primary->base . '/killed';

# starts a switchover and kills it when it has said so, or up to 200 ms later
sub start_and_kill
{
	my ($from, $to, $point, $delay) = @_;
	unlink $killed;
	my $pid = start_tool(arguments($from, $to), @as_admin, output => $killed);
	my $end = time() + 60;
	sleep(0.002) until (-e $killed && index(slurp($killed), $point) >= 0) || time() > $end;
	sleep($delay);
	kill 'KILL', $pid;
	waitpid($pid, 0);
}

for my $round (1 .. $kills)
{
	my ($from, $to) = role('one') eq 'f' ? qw(one two) : qw(two one);
	my $point = $points[$kills < @points ? int(($round - 0.5) * @points / $kills) : $round % @points];
	start_and_kill($from, $to, $point, $round % 2 ? 0 : rand(0.2));
	my $marked = -e "$directory{$from}/pg_replica.switchover" ? 'marked' : 'not marked';
	isnt(primaries(), 'one,two', "round $round, killed at \"$point\", $marked: never two primaries");
	$result = switchover($from, $to);
	is($result->{status}, 0, "round $round: the same command goes on") or diag(slurp($killed), $result->{output});
	is(primaries(), $to, "round $round: and makes $to the primary");
	is(role($from), 't', "round $round: and $from its standby");
}

# --- a server that is fenced starts as a standby, whoever starts it

my ($from, $to) = role('one') eq 'f' ? qw(one two) : qw(two one);
start_and_kill($from, $to, 'Stop this server', 0);
stop_server($directory{$from}, 'fast');    # the tool may have been killed before it has
ok(poll_until(sub { !-e "$directory{$from}/postmaster.pid" }, 20), 'the tool is killed, and the primary has stopped');
system('pg_ctl', '-s', '-w', '-D', $directory{$from}, '-l', $primary->base . '/restarted', 'start');
is(role($from), 't', 'a service that restarts the stopped primary gets a standby');
is(role($to), 't', 'and the other one is a standby still');
$result = switchover($from, $to);
is($result->{status}, 5, 'as its end is not known, the same command makes it the primary again') unless $result->{status} == 0;
like($result->{stderr}, qr/is the primary, as before/, 'and says so') unless $result->{status} == 0;
$result = switchover($from, $to) unless $result->{status} == 0;
is($result->{status}, 0, 'and then it goes on') or diag($result->{output});
is(primaries(), $to, 'to one primary');

kill 'TERM', $writer;
waitpid($writer, 0);
my ($acknowledged, $longest) = CommitWriter::read_file($file);
note(scalar(@$acknowledged) . " commits were acknowledged; the longest time between two was $longest ms");
cmp_ok(scalar(@$acknowledged), '>', 100, 'the client has written all the time');
my %there = map { $_ => 1 } split /\n/, on($to, 'SELECT n FROM numbers');
is(join(',', grep { !$there{$_} } @$acknowledged), '', 'nothing that was acknowledged is lost');
is(on($to, 'SELECT count(*) - count(DISTINCT n) FROM numbers'), '0', 'and nothing is there twice');
ok(poll_until(sub { (on($from, 'SELECT count(*) FROM numbers') // '') eq on($to, 'SELECT count(*) FROM numbers') }, 20), 'both servers have the same');

done_testing();
