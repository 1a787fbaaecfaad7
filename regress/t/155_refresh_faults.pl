# What goes wrong midway through a refresh, each seen while blocks are being compared: the slot is dropped, or loses its WAL; the
# session that holds the backup ends; the primary restarts; the disk is full. The run fails and says why, no server starts on what
# is left, and the same command then completes it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use RefreshTest;
use IPC::Run;
use Test::More;

my $primary = refresh_primary();
my $port = free_port();
my $directory = new_standby_directory($primary);
my @as_admin = (passfile => $primary->passfile);

# A gate in the primary: while it is shut, the comparison stands still after its first five requests.
my $gate = 155;
$primary->psql_ok($_)
  for 'CREATE SEQUENCE asked', 'ALTER FUNCTION replica.refresh_diff(bytea) RENAME TO refresh_diff_itself',
  qq{CREATE FUNCTION replica.refresh_diff(request bytea) RETURNS bytea LANGUAGE plpgsql AS '
	BEGIN
		IF nextval(''public.asked'') > 5 THEN
			PERFORM pg_advisory_lock_shared($gate);
			PERFORM pg_advisory_unlock_shared($gate);
		END IF;
		RETURN replica.refresh_diff_itself(request);
	END'};

sub shut_gate
{
	$primary->psql_ok(q{SELECT setval('asked', 1, false)});
	my $sql = "SELECT pg_advisory_lock($gate), pg_sleep(1000)";
	local $ENV{PGPASSFILE} = $primary->passfile;
	my $holder = IPC::Run::start([ 'psql', '-Xqw', $primary->connection, '-c', $sql ], '<', \'', '>', '/dev/null', '2>', '/dev/null');
	ok(poll_until(sub { at_gate('granted') }, 60), 'the gate is shut');
	return $holder;
}

# how many sessions hold or wait for the gate
sub at_gate
{
	my ($how) = @_;
	return $primary->psql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = $gate AND database <> 0 AND $how");
}

sub open_gate
{
	my ($holder) = @_;
	$holder->kill_kill;
	$primary->psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_advisory_lock(%' AND pid <> pg_backend_pid()");
	return;
}

# fails_midway(what, fault, pattern): a refresh that stands at the gate, meets the fault, and goes on to its end
sub fails_midway
{
	my ($what, $fault, $pattern) = @_;
	change_some($primary);
	my $holder = shut_gate();
	my $output = $primary->base . '/midway.output';
	my $pid = start_tool(refresh_arguments($primary, $directory), @as_admin, output => $output);
	my $waits = poll_until(sub { (at_gate('NOT granted') || 0) == 2 }, 100);
	ok($waits, "$what: it stands in the middle of the comparison") or diag(slurp($output));
	$fault->();
	open_gate($holder);
	waitpid($pid, 0);
	is($? >> 8, 6, "$what: it fails, and something is left");
	my $text = slurp($output);
	like($text, $pattern, "$what: it says why");
	like($text, qr/unfinished.*run the same command again/s, "$what: it says what is to be done");
	unlike($text, qr/Bring everything to disk[^\n]*\n[^\n]*Check/s, "$what: it did not go on to the end");
	is_refused($primary, $directory, $what);
	return;
}

sub completes
{
	my ($what) = @_;
	my $again = run_tool(refresh_arguments($primary, $directory), @as_admin);
	is($again->{status}, 0, "$what: the same command completes it") or diag($again->{output});
	is($primary->psql('SELECT count(*) FROM pg_replication_slots'), '1', "$what: one slot is left");
	ok(!-e "$directory/pg_replica.refresh", "$what: the mark is gone");
	# the WAL of nextval() runs ahead of it
	$primary->psql_ok(q{SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relname = 'asked'});
	is_the_same($primary, $directory, $port, $what);
	return;
}

my $clone = run_tool(clone_arguments($primary, $directory, $port, 'standby1', '--prepare'), @as_admin);
is($clone->{status}, 0, 'a standby is made') or BAIL_OUT($clone->{output});
stop_server($directory, 'fast');

# --- the slot

fails_midway('slot dropped', sub { lose_wal($primary, 'standby1') }, qr/slot "standby1" has lost WAL.*or the slot was dropped/s);
completes('slot dropped');

fails_midway('slot invalidated', sub {
	$primary->psql_ok(q{ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'});
	$primary->psql_ok('SELECT pg_reload_conf()');
	my $lost = poll_until(sub {
		$primary->psql_ok('CREATE TABLE IF NOT EXISTS wal_filler AS SELECT 1; SELECT pg_switch_wal()');
		$primary->psql_ok('CHECKPOINT');
		return $primary->psql_ok(q{SELECT wal_status FROM pg_replication_slots WHERE slot_name = 'standby1'}) eq 'lost';
	}, 60);
	ok($lost, 'slot invalidated: its WAL is gone');
}, qr/slot "standby1" has lost WAL.*max_slot_wal_keep_size/s);
$primary->psql_ok('ALTER SYSTEM RESET max_slot_wal_keep_size');
$primary->psql_ok('SELECT pg_reload_conf()');
completes('slot invalidated');

# --- the session that holds the backup

fails_midway('backup session ended', sub {
	my $ended = $primary->psql_ok(q{SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE application_name LIKE 'pg_replica refresh%' AND query LIKE '%refresh_list()%' AND pid <> pg_backend_pid()});
	is($ended, '1', 'backup session ended: one session');
}, qr/connection|terminat/);
completes('backup session ended');

# --- the primary

fails_midway('primary restarted', sub { $primary->restart }, qr/connection|terminat/);
completes('primary restarted');

# --- the source role, without the gate: what the documentation grants and nothing else

my $passfile = write_passfile($primary->base . '/refresher_passfile', map { [ '*', '*', '*', $_, $_ ] } qw(refresher plain));
my @as_role = (passfile => $passfile);
$primary->psql_ok($_)
  for q{CREATE ROLE refresher LOGIN REPLICATION PASSWORD 'refresher'}, q{CREATE ROLE plain LOGIN PASSWORD 'plain'},
  'DROP FUNCTION replica.refresh_diff(bytea)', 'ALTER FUNCTION replica.refresh_diff_itself(bytea) RENAME TO refresh_diff',
  # those of clone
  'GRANT pg_monitor TO refresher, plain', 'GRANT SELECT, INSERT, UPDATE ON replica.marker TO refresher, plain',
  'GRANT EXECUTE ON FUNCTION replica.create_slot, replica.drop_slot, replica.write_marker, replica.read_marker TO refresher, plain',
  'GRANT USAGE ON SCHEMA replica TO refresher, plain';
my $backup = $primary->psql_ok('SHOW server_version_num') >= 150000
  ? 'pg_backup_start(text, boolean), pg_backup_stop(boolean)' : 'pg_start_backup(text, boolean, boolean), pg_stop_backup(boolean, boolean)';

sub refresh_as
{
	local $primary->{admin} = $_[0];
	return run_tool(refresh_arguments($primary, $directory), @as_role);
}

change_some($primary);
my $before = tree_of($directory);
my $refused = refresh_as('refresher');
is($refused->{status}, 4, 'REPLICATION without the grants: refused');
like($refused->{output}, qr/GRANT EXECUTE ON FUNCTION .*refresh_diff\(bytea\) TO "?refresher"?/, 'REPLICATION without the grants: they are named');
$primary->psql_ok("GRANT EXECUTE ON FUNCTION replica.refresh_list(), replica.refresh_diff(bytea), $backup TO refresher, plain");
$refused = refresh_as('plain');
isnt($refused->{status}, 0, 'a plain role with all the grants: refused');
like($refused->{output}, qr/REPLICATION/, 'a plain role with all the grants: what it lacks is named');
is(tree_of($directory), $before, 'neither has changed anything');
my $refresh = refresh_as('refresher');
is($refresh->{status}, 0, 'REPLICATION and the grants of the documentation are enough') or diag($refresh->{output});
is_the_same($primary, $directory, $port, 'as refresher');

# --- a full disk

SKIP:
{
	my $disk = $ENV{PG_REPLICA_SMALL_DISK};
	skip 'no small disk: set PG_REPLICA_SMALL_DISK to a directory on a file system of at most 100 MB', 1 unless $disk;
	$primary = stock_primary('small', initdb => [ '--data-checksums', '--wal-segsize=1' ], extension => 1, config => "max_wal_size = '8MB'\nmin_wal_size = '2MB'\n");
	$primary->psql_ok($_) for 'CREATE EXTENSION amcheck', q{CREATE TABLE big AS SELECT g AS id, repeat('x', 400) AS filler FROM generate_series(1, 20000) g};
	@as_admin = (passfile => $primary->passfile);
	$port = free_port();
	$directory = "$disk/standby";
	stop_at_end($directory);
	my $made = run_tool(clone_arguments($primary, $directory, $port, 'standby1', '--prepare'), @as_admin);
	is($made->{status}, 0, 'full disk: a standby is made') or diag($made->{output});
	stop_server($directory, 'fast');
	$primary->psql_ok('CREATE TABLE more AS SELECT * FROM big');
	open(my $filler, '>', "$disk/filler") or die "filler: $!";
	1 while syswrite($filler, 'x' x 65536);
	truncate($filler, (-s $filler) - 4_000_000) or die "filler: $!";    # half of the new table
	close $filler;
	my $failed = run_tool(refresh_arguments($primary, $directory), @as_admin);
	is($failed->{status}, 6, 'full disk: it fails, and something is left');
	like($failed->{output}, qr/Compare every block.*No space left on device/s, 'full disk: in the middle of the comparison, and it says why');
	unlink "$disk/filler";    # a server needs room to refuse to start
	is_refused($primary, $directory, 'full disk');
	completes('full disk');
	run_program([ 'rm', '-rf', $directory ]);
}

done_testing();
