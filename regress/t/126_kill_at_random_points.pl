# kill -9 at random moments of a clone: of the tool, of pg_basebackup, of its WAL child, of all of them, of the primary's
# walsender, of the primary. Whatever is left: no process and no walsender goes on, no slot is there that nobody tells of,
# no server starts on it as a primary, and the same command then succeeds.
#
# PG_REPLICA_KILLS=200 for more moments, PG_REPLICA_SEED to see the same ones again.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use Test::More;
use Time::HiRes qw(time sleep);

my $kills = $ENV{PG_REPLICA_KILLS} || 6;
my $seed = length($ENV{PG_REPLICA_SEED} || "") ? $ENV{PG_REPLICA_SEED} : int(time() * 10) % 1000000;
srand($seed);
diag("PG_REPLICA_SEED=$seed PG_REPLICA_KILLS=$kills");

my $primary = stock_primary('primary', extension => 1, config => "fsync = off\nmax_wal_size = 128MB\n");
my $rows = 20000;
$primary->psql_ok("CREATE TABLE filler AS SELECT g, repeat(md5(g::text), 20) FROM generate_series(1, $rows) g");
my ($directory, $port, $base) = (new_standby_directory($primary), free_port(), $primary->base);
my @victims = qw(tool backup wal all walsender primary);
my ($name, @command, %count);

sub on_standby { return psql_value('127.0.0.1', $port, 'postgres', $primary->passfile, $_[0]) }

# The processes that work on the directory, as [pid, command line]; the standby's own server is none of them.
sub workers
{
	my @found;
	for my $file (glob '/proc/[0-9]*/cmdline')
	{
		my ($pid) = $file =~ /(\d+)/;
		next if $pid == $$;
		open(my $handle, '<', $file) or next;
		local $/;
		my $line = <$handle>;
		next unless defined $line && index($line, $directory) >= 0;
		next if $line =~ m{^[^\0]*/postgres\0};
		$line =~ tr/\0/ /;
		push @found, [ $pid, $line ];
	}
	@found = sort { $a->[0] <=> $b->[0] } @found;
	return @found;
}

sub standby_pid
{
	return 0 unless -e "$directory/postmaster.pid";
	my ($pid) = slurp("$directory/postmaster.pid") =~ /^(\d+)/;
	return $pid && kill(0, $pid) ? $pid : 0;
}

# The process ids to kill, none when there is nothing of that kind at this moment.
sub victims_now
{
	my ($kind, $tool) = @_;
	my @backup = map { $_->[0] } grep { $_->[1] =~ m{^\S*/pg_basebackup } } workers();
	return ($tool) if $kind eq 'tool';
	return @backup[ 0 .. ($#backup > 0 ? 0 : $#backup) ] if $kind eq 'backup';
	return @backup[ 1 .. $#backup ] if $kind eq 'wal';
	return ($tool, map { $_->[0] } workers()) if $kind eq 'all';
	return (slurp($primary->data_dir . '/postmaster.pid') =~ /^(\d+)/) if $kind eq 'primary';
	my $senders = $primary->psql("SELECT string_agg(pid::text, ' ') FROM pg_stat_replication") || '';
	return (split / /, $senders)[0] || ();
}

# The primary runs again, started where it has to be.
sub revive_primary
{
	return poll_until(
		sub {
			return 1 if defined $primary->psql('SELECT 1');
			run_program([ 'pg_ctl', '-s', '-w', '-t', 20, '-D', $primary->data_dir, '-l', "$base/log", 'start' ]);
			return defined $primary->psql('SELECT 1');
		},
		90);
}

# What walsenders there are but for the one that feeds a standby whose server runs.
sub walsenders
{
	my $feeds = standby_pid() ? "state = 'streaming' AND application_name = '$name' AND NOT EXISTS (SELECT FROM pg_stat_progress_basebackup)" : 'false';
	return $primary->psql("SELECT count(*) FROM pg_stat_replication WHERE NOT ($feeds)");
}

# Starts a server on a directory that is left: refused, or in recovery. Returns what is wrong, '' for nothing.
sub starts_as_primary
{
	my ($left) = @_;
	return '' unless -d $left;
	if ($left eq $directory && standby_pid())
	{
		poll_until(sub { defined on_standby('SELECT 1') }, 30);
		return (on_standby('SELECT pg_is_in_recovery()') || 'no answer') eq 't' ? '' : 'the server that runs is no standby';
	}
	my $start = run_program([ 'pg_ctl', '-w', '-t', 30, '-D', $left, '-l', "$base/start.log", '-o', "-p $port", 'start' ]);
	return '' if $start->{status} && !-e "$left/postmaster.pid";
	$count{'started in recovery'}++;
	my $answer = on_standby('SELECT pg_is_in_recovery()');
	stop_server($left, 'fast');
	return defined $answer && $answer eq 't' ? '' : 'a server started that is no standby: ' . ($answer || 'no answer');
}

# turn(number, kind, seconds): one clone that is hit
sub turn
{
	my ($number, $kind, $delay) = @_;
	$name = "kill$number";
	my $output = "$base/$name.output";
	@command = @{ clone_arguments($primary, $directory, $port, $name, '--prepare') };
	my $tool = start_tool([ @command, '--max-rate', '12M' ], passfile => $primary->passfile, output => $output);
	my ($start, $ended, @hit) = (time(), 0);
	while (!@hit && !$ended)
	{
		sleep 0.02;
		$ended = waitpid($tool, 1) == $tool;
		next if $ended || time() - $start < $delay;
		@hit = victims_now($kind, $tool);
		kill 'KILL', @hit if @hit;
	}
	my $when = sprintf('%.2f s', time() - $start);
	$ended = $ended || poll_until(sub { waitpid($tool, 1) == $tool }, 90);
	my $status = $?;
	kill 'KILL', $tool unless $ended;
	my $what = "$number: $kind after $when";
	$count{ @hit ? $kind : 'over before' }++;
	ok($ended, "$what: the tool ends") or diag(slurp($output));
	ok(poll_until(sub { !workers() }, 5), "$what: no process is left after 5 s") or diag(map { "@$_\n" } workers());
	ok(revive_primary(), "$what: the primary is there") or BAIL_OUT('no primary');
	ok(poll_until(sub { my $left = walsenders(); defined $left && $left == 0 }, 5), "$what: no walsender is left after 5 s")
	  or diag($primary->psql('SELECT application_name, state FROM pg_stat_replication'));
	my $killed = ($status & 127) == 9;
	my $slot = $primary->psql('SELECT slot_name FROM pg_replication_slots');
	my $mark = "$directory/pg_replica.unfinished";
	my $said = $slot eq '' || (!$killed && $status == 0) || (!$killed && index(slurp($output), "drop_slot('$slot')") >= 0)
	  || ($killed && ((-e $mark && slurp($mark) =~ /\Q$slot\E/) || standby_pid()));
	ok($said, "$what: no slot that nobody tells of") or diag("status $status, slot $slot\n" . slurp($output));
	is(join('; ', grep { $_ } map { starts_as_primary($_) } $directory, "$directory/pg_replica.partial"), '',
		"$what: no server starts on what is left, but as a standby");
	my $again = run_tool(\@command, passfile => $primary->passfile);
	is($again->{status}, 0, "$what: the same command then succeeds") or diag(slurp($output), $again->{output});
	is(on_standby('SELECT count(*) FROM filler'), $rows, "$what: and the standby has all rows");
	return;
}

sub clear
{
	stop_server($directory, 'immediate');
	run_program([ 'rm', '-rf', $directory ]);
	poll_until(sub { $primary->psql("SELECT count(*) FROM pg_stat_replication") eq '0' }, 20);
	$primary->psql_ok('SELECT count(*) FROM pg_replication_slots AS s, replica.drop_slot(s.slot_name)');
	$primary->psql_ok("SELECT count(*) FROM pg_roles AS r, replica.drop_role(r.rolname) WHERE r.rolname LIKE 'replicator\\_%'");
	return;
}

# How long one takes, so that the moments lie all over it.
$name = 'whole';
my $start = time();
my $whole = run_tool([ @{ clone_arguments($primary, $directory, $port, $name, '--prepare', '--max-rate', '12M') } ],
	passfile => $primary->passfile);
is($whole->{status}, 0, 'a clone that nothing hits succeeds') or BAIL_OUT($whole->{output});
my $duration = time() - $start;
clear();

for my $number (1 .. $kills)
{
	# each kind in turn; the moments are what is random
	turn($number, $victims[ ($number - 1) % @victims ], rand($duration));
	clear();
}
diag(join(', ', map { "$_: $count{$_}" } sort keys %count));
done_testing();
