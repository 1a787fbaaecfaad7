# kill -9 at random moments of a switchover and of a rejoin: of the tool, of the server that was the primary, of the server that becomes
# it. Never are there two primaries, no synchronous commit that was acknowledged is lost, and the same command, or the one that it
# names, leads to the end.
#
# PG_REPLICA_KILLS=100 for more moments, PG_REPLICA_SEED to see the same ones again.
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
my $seed = length($ENV{PG_REPLICA_SEED} || '') ? $ENV{PG_REPLICA_SEED} : int(time() * 10) % 1000000;
srand($seed);
diag("PG_REPLICA_SEED=$seed PG_REPLICA_KILLS=$kills");

my $first = stock_primary('primary', config => "wal_log_hints = on\nwal_keep_size = 512MB\nrestart_after_crash = on\n");
my @as_admin = (passfile => $first->passfile);
my %port = (one => $first->port, two => free_port());
my %directory = (one => $first->data_dir, two => new_standby_directory($first, 'two'));
my $base = $first->base;
my ($said, %count, %took) = ("$base/said");
stop_at_end($directory{$_}) for qw(one two);

sub on { my ($name, $sql) = @_; return psql_value('127.0.0.1', $port{$name}, 'postgres', $first->passfile, $sql) }
sub role { my ($name) = @_; return on($name, 'SELECT pg_is_in_recovery()') // '' }
sub primaries { return join(',', grep { role($_) eq 'f' } qw(one two)) }
sub arguments
{
	my ($command, $here, $there) = @_;
	return [ $command, '-w', '-h', '127.0.0.1', '-p', $port{$there}, '-U', 'postgres', '-d', 'postgres', '-D', $directory{$here}, '--name', $here,
		'--bindir', bindir(), $command eq 'refresh' ? ('--port', $port{$here}) : (), '--prepare' ];
}

sub postmaster
{
	my ($name) = @_;
	return unless -e "$directory{$name}/postmaster.pid";
	my ($pid) = slurp("$directory{$name}/postmaster.pid") =~ /^(\d+)/;
	return $pid && kill(0, $pid) ? $pid : ();
}

sub children_of
{
	my ($parent) = @_;
	my @children;
	for my $file (glob '/proc/[0-9]*/stat')
	{
		open(my $handle, '<', $file) or next;
		my $line = <$handle> // next;
		push @children, $1 if $line =~ /^(\d+) \(.*\) \S+ $parent /;
	}
	return @children;
}

# The whole server at once, as when its machine goes down; or its first process alone.
sub crash
{
	my ($name, $whole) = @_;
	my $pid = postmaster($name) or return 0;
	kill('KILL', $pid, $whole ? children_of($pid) : ());
	poll_until(sub { !kill(0, $pid) && !children_of($pid) }, 20);
	return 1;
}

# As a service does that starts a server again, with whatever is in its directory.
sub start_again
{
	my ($name) = @_;
	return if postmaster($name);
	return system('pg_ctl', '-s', '-w', '-t', 60, '-D', $directory{$name}, '-l', "$base/$name.again", 'start');
}

sub be_synchronous
{
	my ($name, $other) = @_;
	on($name, q{ALTER SYSTEM SET synchronous_standby_names = '*'});
	on($name, 'SELECT pg_reload_conf()');
	return poll_until(sub { (on($name, qq{SELECT sync_state FROM pg_stat_replication WHERE application_name = '$other'}) // '') eq 'sync' }, 60);
}

# Starts the command, hits the victim after so many seconds, and waits for the end of the tool.
sub run_and_hit
{
	my ($arguments, $victim, $delay) = @_;
	unlink $said;
	my ($start, $hit, $ended) = (time(), 0, 0);
	my $pid = start_tool($arguments, @as_admin, output => $said);
	until ($hit || $ended)
	{
		sleep(0.005);
		$ended = waitpid($pid, POSIX::WNOHANG()) == $pid;
		next if $ended || $victim eq 'nobody' || time() - $start < $delay;
		$hit = $victim eq 'tool' ? kill('KILL', $pid) : crash($victim, int(rand(2)));
		last unless $hit || time() - $start < 30;
	}
	$ended ||= poll_until(sub { waitpid($pid, POSIX::WNOHANG()) == $pid }, 120);
	kill 'KILL', $pid unless $ended;
	$count{ $hit ? ($victim eq 'tool' ? 'tool' : 'a server') : 'over before' }++ if $victim ne 'nobody';
	return $ended;
}

# The command again, until it succeeds; and the one that it names where it says that it cannot.
sub converge
{
	my ($command, $here, $there) = @_;
	my $result;
	for my $try (1 .. 4)
	{
		start_again($there);
		$result = run_tool(arguments($command, $here, $there), @as_admin);
		return $result if $result->{status} == 0;
		return $result if primaries() eq 'one,two';
		start_again($here) if $command eq 'switchover' && !(-e "$directory{$here}/pg_replica.switchover" && -e "$directory{$here}/standby.signal");
	}
	return $result;
}

sub turn
{
	my ($number, $command, $victim) = @_;
	my ($old, $new) = role('one') eq 'f' ? qw(one two) : qw(two one);
	ok(be_synchronous($old, $new), "$number: $new is the synchronous standby of $old") or BAIL_OUT($new);
	if ($command eq 'rejoin')
	{
		crash($old, 1);
		my $promoted = run_tool([ 'promote', '-w', '-D', $directory{$new}, '-U', 'postgres', '--force' ], @as_admin);
		is($promoted->{status}, 0, "$number: $old is lost, $new is promoted") or BAIL_OUT($promoted->{output});
	}
	$victim ||= ('tool', $old, $new)[ int(rand(3)) ];
	my $delay = rand(0.8 * ($took{$command} || 0));
	my $what = sprintf('%d: %s from %s, %s hit after %.2f s', $number, $command, $old, $victim, $delay);
	my ($start, $missed) = (time(), $count{'over before'} // 0);
	ok(run_and_hit(arguments($command, $old, $new), $victim, $delay), "$what: the tool ends") or diag(slurp($said));
	# the machine may have become quicker since
	$took{$command} = time() - $start if $victim eq 'nobody' || ($count{'over before'} // 0) > $missed;
	isnt(primaries(), 'one,two', "$what: not two primaries");
	# a service restarts what has crashed; the one that was stopped on purpose as well, now and then
	start_again($new);
	start_again($old) if $command eq 'switchover' && (!-e "$directory{$old}/pg_replica.switchover" || rand() < 0.5);
	isnt(primaries(), 'one,two', "$what: nor when they are started again");
	my $result = converge($command, $old, $new);
	is($result->{status}, 0, "$what: the command leads to the end") or diag(slurp($said), '--- then: ', $result->{output});
	is(primaries(), $new, "$what: $new is the primary") or BAIL_OUT($result->{output});
	ok(poll_until(sub { (on($new, "SELECT state FROM pg_stat_replication WHERE application_name = '$old'") // '') eq 'streaming' }, 60), "$what: $old streams from it");
	return;
}

my $clone = run_tool(clone_arguments($first, $directory{two}, $port{two}, 'two', '--prepare'), @as_admin);
is($clone->{status}, 0, 'a standby is made') or BAIL_OUT($clone->{output});
$first->psql_ok('CREATE TABLE numbers (n bigint PRIMARY KEY)');
ok(be_synchronous('one', 'two'), 'commits are synchronous');
my $file = "$base/acknowledged";
my $writer = fork();
if ($writer == 0)
{
	%ENV = (PATH => $ENV{PATH}, PGPASSFILE => $first->passfile);
	CommitWriter::run("host=127.0.0.1,127.0.0.1 port=$port{one},$port{two} user=postgres dbname=postgres target_session_attrs=read-write connect_timeout=5", $file);
	POSIX::_exit(0);
}
END { kill 'TERM', $writer if $writer }
ok(poll_until(sub { -s $file }, 20), 'a client commits');
# how long they take here, when nothing happens
turn(0, $_, 'nobody') for qw(switchover rejoin);
turn($_, $_ % 2 ? 'switchover' : 'rejoin') for 1 .. $kills;

my ($primary) = primaries();
on($primary, q{ALTER SYSTEM RESET synchronous_standby_names});
on($primary, 'SELECT pg_reload_conf()');
kill 'TERM', $writer;
waitpid($writer, 0);
undef $writer;
my ($acknowledged) = CommitWriter::read_file($file);
my %there = map { $_ => 1 } split /\n/, on($primary, 'SELECT n FROM numbers');
note(scalar(@$acknowledged) . ' commits were acknowledged; hit: ' . join(', ', map { "$_ $count{$_}" } sort keys %count));
cmp_ok(scalar(@$acknowledged), '>', 50, 'the client has written all the time');
is(join(',', grep { !$there{$_} } @$acknowledged), '', 'no acknowledged commit is lost');
cmp_ok(($count{tool} // 0) + ($count{'a server'} // 0), '>', 0, 'kills met a running command');
done_testing();
