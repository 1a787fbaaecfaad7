# A clone that fails at any step, on real servers: the exit code tells how, the primary is as it was before, and the
# same command succeeds when the cause is gone.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use POSIX ();
use PostgreSQL::Test::Utils;
use ReplicaTest;
use Test::More;

my $primary = stock_primary('primary', extension => 1, config => "fsync = off\nmax_wal_size = 256MB\n");
$primary->psql_ok('CREATE TABLE filler AS SELECT g AS id, repeat(md5(g::text), 20) AS text FROM generate_series(1, 60000) AS g');

my $base = PostgreSQL::Test::Utils::tempdir('standbys');
my $standby = "$base/s1";
my $port = free_port();
stop_at_end($standby);

sub this_clone
{
	return ('clone', '--prepare', $primary->connection, '-w', '-D', $standby, '--port', $port, '--name', 's1', @_);
}

# All that a clone can leave on the primary; its pg_hba.conf and postgresql.auto.conf included.
sub state_of_primary
{
	return join "\n",
	  $primary->psql_ok('SELECT slot_name FROM pg_replication_slots ORDER BY 1'),
	  $primary->psql_ok("SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1"),
	  slurp($primary->data_dir . '/pg_hba.conf'),
	  join("\n", grep { /^\w/ } split /\n/, slurp($primary->data_dir . '/postgresql.auto.conf'));
}
my $before = state_of_primary();

# The process ids of pg_basebackup: the one that takes the files first, its WAL child second.
sub backup_processes
{
	my @found;
	for my $entry (glob '/proc/[0-9]*/cmdline')
	{
		open(my $file, '<', $entry) or next;
		local $/;
		my $command = <$file>;
		next unless defined $command && $command =~ /pg_basebackup\0.*\Q$standby\E/s;
		push @found, $entry =~ /(\d+)/;
	}
	@found = sort { $a <=> $b } @found;
	return @found;
}

sub walsenders
{
	return $primary->psql_ok('SELECT count(*) FROM pg_stat_replication');
}

sub is_undone
{
	my ($what) = @_;
	ok(poll_until(sub { walsenders() == 0 }, 5), "$what: no walsender is left after 5 seconds");
	is(scalar(backup_processes()), 0, "$what: no process is left");
	is(state_of_primary(), $before, "$what: no slot, role, setting or line of pg_hba.conf is left");
	ok(!-e $standby, "$what: no directory is left");
}

# Starts a slow clone in the background and waits until the files are on their way.
sub slow_clone
{
	my $output = "$base/output";
	my $pid = start_tool([ this_clone('--max-rate', '2M') ], passfile => $primary->passfile, output => $output);
	my $copying = poll_until(
		sub { $primary->psql("SELECT count(*) FROM pg_stat_progress_basebackup WHERE backup_streamed > 100000") },
		30);
	$copying &&= poll_until(sub { backup_processes() == 2 }, 10);
	ok($copying, 'the copy has begun') or diag(slurp($output));
	return ($pid, $output);
}

sub end_of
{
	my ($pid, $output) = @_;
	ok(poll_until(sub { waitpid($pid, POSIX::WNOHANG()) == $pid }, 60), 'the tool ends');
	my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
	my $text = slurp($output);
	note("exit status $status\n$text");
	return ($status, $text);
}

sub forget_standby
{
	PostgreSQL::Test::Utils::system_or_bail('rm', '-r', $standby);
	$primary->psql_ok("SELECT * FROM replica.drop_slot('s1')");
	$primary->psql_ok("SELECT * FROM replica.disallow_standby('replicator_s1', '127.0.0.1')");
	$primary->psql_ok("SELECT * FROM replica.drop_role('replicator_s1')");
	$before = state_of_primary();
	return;
}

# --- the copy

for my $case (
	[ 'pg_basebackup is killed', sub { kill 'KILL', (backup_processes())[0] }, 5, qr/ended by signal 9/ ],
	[ 'its WAL child is killed', sub { kill 'KILL', (backup_processes())[1] }, 5, qr/the copy failed/ ],
	[
		'the walsender is terminated',
		sub { $primary->psql_ok("SELECT pg_terminate_backend(pid) FROM pg_stat_progress_basebackup") },
		5,
		qr/the copy failed/
	],
	[ 'the tool gets SIGINT', sub { kill 'INT', $_[0] }, 8, qr/stopped by a signal/ ],
	[ 'the tool gets SIGTERM', sub { kill 'TERM', $_[0] }, 8, qr/stopped by a signal/ ],
	[ 'the tool gets three signals at once', sub { kill $_, $_[0] for qw(HUP INT TERM) }, 8, qr/stopped by a signal/ ],
  )
{
	my ($what, $act, $code, $text) = @$case;
	my ($pid, $output) = slow_clone();
	$act->($pid);
	my ($status, $said) = end_of($pid, $output);
	is($status, $code, "$what: exit code $code");
	like($said, $text, "$what: the message names it");
	is_undone($what);
}

# A primary that is gone cannot be cleared up: what is left on it is named, and the next run knows it as its own.
{
	my ($pid, $output) = slow_clone();
	$primary->stop('immediate');
	my ($status, $said) = end_of($pid, $output);
	is($status, 6, 'the primary stops: exit code 6');
	like($said, qr/replica\.drop_slot\('s1'\)/, 'the primary stops: the command that drops the slot is named');
	ok(!-e "$standby/global", 'the primary stops: nothing that starts is left');
	$primary->start;
	my $again = run_tool([ this_clone('--no-start') ], passfile => $primary->passfile);
	is($again->{status}, 0, 'the same command succeeds when the primary is back') or diag($again->{output});
	like($again->{stdout}, qr/as ExecStart of a systemd unit: \S+\/postgres -D /, 'and how a service starts it is told');
	like($again->{stdout}, qr/logs in to the primary from 127\.0\.0\.1.*allow_standby\('replicator_s1', 'ADDRESS or NETWORK'\)/, 'and from where it is admitted');
	ok(-e "$standby/standby.signal" && !-e "$standby/pg_replica.unfinished", 'its directory is whole');
	forget_standby();
}

# --- kill -9 of the tool

{
	my ($pid, $output) = slow_clone();
	kill 'KILL', $pid;
	waitpid($pid, 0);
	ok(poll_until(sub { !backup_processes() }, 5), 'kill -9: no process is left after 5 seconds');
	ok(poll_until(sub { walsenders() == 0 }, 5), 'kill -9: no walsender is left after 5 seconds');
	for my $directory ($standby, "$standby/pg_replica.partial")
	{
		my $start = run_program([ 'pg_ctl', '-w', '-t', 5, '-D', $directory, '-l', "$base/log", 'start' ]);
		isnt($start->{status}, 0, "kill -9: $directory does not start");
	}
	my $other = run_tool([ this_clone('--slot', 'other') ], passfile => $primary->passfile);
	is($other->{status}, 4, 'kill -9: a run with another slot does not forget this one');
	like($other->{output}, qr/has the slot "s1", not "other"/, 'kill -9: it says which slot is left');
	my $again = run_tool([ this_clone('--no-start') ], passfile => $primary->passfile);
	is($again->{status}, 0, 'kill -9: the same command succeeds') or diag($again->{output});
	forget_standby();
}

# --- the start

# A setting that travels with the copy and cannot work here.
{
	$primary->psql_ok("ALTER SYSTEM SET shared_preload_libraries = 'no_such_library'");
	my $with_library = state_of_primary();
	my $result = run_tool([ this_clone() ], passfile => $primary->passfile);
	is($result->{status}, 5, 'a library that is missing: exit code 5');
	like($result->{output}, qr/could not access file "no_such_library"/, 'a library that is missing: the log is shown');
	ok(!-e $standby, 'a library that is missing: no directory is left');
	is(state_of_primary(), $with_library, 'a library that is missing: the primary is as before');
	$primary->psql_ok('ALTER SYSTEM RESET shared_preload_libraries');
}

# --- the proof

{
	$primary->psql_ok("ALTER SYSTEM SET recovery_min_apply_delay = '1h'");
	$primary->psql_ok("ALTER SYSTEM SET max_standby_streaming_delay = '30s'");
	my $delayed = state_of_primary();
	my $result = run_tool([ this_clone('--timeout', 5) ], passfile => $primary->passfile);
	is($result->{status}, 5, 'replay that waits an hour: exit code 5');
	like($result->{output}, qr/recovery_min_apply_delay/, 'replay that waits an hour: the reason is named');
	ok(!-e $standby, 'replay that waits an hour: no directory is left');
	ok(poll_until(sub { walsenders() == 0 }, 5), 'replay that waits an hour: the standby is stopped');
	is(state_of_primary(), $delayed, 'replay that waits an hour: the primary is as before');
	$primary->psql_ok("ALTER SYSTEM RESET $_") for qw(recovery_min_apply_delay max_standby_streaming_delay);
}

# --- the same command, now that nothing stands in the way

my $result = run_tool([ this_clone() ], passfile => $primary->passfile);
is($result->{status}, 0, 'after all that, the same command succeeds') or diag($result->{output});
is($primary->psql_ok("SELECT state FROM pg_stat_replication WHERE application_name = 's1'"), 'streaming', 'the standby streams');
my $repeated = run_tool([ this_clone() ], passfile => $primary->passfile);
is($repeated->{status}, 0, 'once more, it proves and changes nothing');
like($repeated->{output}, qr/nothing to make/, 'and says so');

# A former primary is not overwritten, and the message says what it is.
stop_server($standby, 'fast');
my $occupied = run_tool([ this_clone() ], passfile => $primary->passfile);
is($occupied->{status}, 4, 'a stopped standby is not overwritten');
like($occupied->{output}, qr/holds this standby already: complete, and stopped/, 'and the message says what it is');

done_testing();
