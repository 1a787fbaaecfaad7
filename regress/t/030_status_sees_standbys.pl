# What replica.standbys and replica.node say of real standbys, of what only looks like one, and of missing ones.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use ReplicaTest qw(server_major);
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "wal_sender_timeout = 60s\nautovacuum = off\n");
$primary->start;
$primary->safe_psql('postgres', 'CREATE EXTENSION pg_replica; CREATE TABLE t (v text)');

# The columns of one row of replica.standbys, found by a condition.
sub standby_row
{
	my ($columns, $condition) = @_;
	return $primary->safe_psql('postgres', "SELECT $columns FROM replica.standbys WHERE $condition");
}

sub wait_for_standby
{
	my ($condition, $what) = @_;
	my $seen = $primary->poll_query_until('postgres', "SELECT EXISTS (SELECT FROM replica.standbys WHERE $condition)");
	diag(standby_row('*', 'true')) unless $seen;
	return ok($seen, $what);
}

sub sqlstate_is
{
	my ($node, $sql, $sqlstate, $message, $what) = @_;
	my ($code, undef, $stderr) = $node->psql('postgres', "\\set VERBOSITY verbose\n$sql");
	return like($stderr, qr/ERROR:  $sqlstate: $message/, $what);
}

is(standby_row('count(*)', 'true'), '0', 'a lonely primary has no standbys');
is($primary->safe_psql('postgres', 'SELECT role, timeline, health, reason FROM replica.node'),
	'primary|1|ok|a primary', 'and is well');

# --- a standby -------------------------------------------------------------------------------------------------------
$primary->backup('b');
$primary->safe_psql('postgres', "SELECT FROM replica.create_slot('s1')");
is(standby_row('application_name IS NULL, state IS NULL, slot_active, health', "slot_name = 's1'"),
	't|t|f|critical', 'a slot that nobody streams from is an absent standby');
like(standby_row('reason', "slot_name = 's1'"), qr/^absent: nobody streams from slot "s1", which retains \d/,
	'and the reason says what it costs');

my $standby = PostgreSQL::Test::Cluster->new('s1');
$standby->init_from_backup($primary, 'b', has_streaming => 1);
$standby->append_conf('postgresql.conf', "primary_slot_name = 's1'\nmax_wal_senders = 12\n");
$standby->start;
$primary->wait_for_catchup($standby);
wait_for_standby("slot_name = 's1' AND health = 'ok'", 'the standby streams and is well');
is( standby_row(
		'application_name, state, sync_state, timeline, slot_name, slot_active, wal_status, replay_lag_bytes,'
		  . ' write_lag, flush_lag, replay_lag, pid IS NOT NULL, retained_bytes >= 0, reason', 'true'),
	's1|streaming|async|1|s1|t|reserved|0|00:00:00|00:00:00|00:00:00|t|t|streaming, nothing missing',
	'lag is zero on an idle pair, in bytes and in seconds');
is($standby->safe_psql('postgres', 'SELECT count(*) FROM replica.standbys'), '0', 'it has no standbys itself');
is( $standby->safe_psql('postgres',
		'SELECT role, timeline, receiver_status, receiver_slot_name, replay_pause_state, unreplayed_bytes,'
		  . ' sender_port IS NOT NULL, last_message_time IS NOT NULL, current_lsn IS NULL, receive_lsn = replay_lsn,'
		  . ' health, reason FROM replica.node'),
	'standby|1|streaming|s1|not paused|0|t|t|t|t|ok|a standby that receives and replays',
	'the standby tells of itself');
is($standby->safe_psql('postgres', 'SELECT system_identifier FROM replica.node'),
	$primary->safe_psql('postgres', 'SELECT system_identifier FROM replica.node'), 'both are the same cluster');
sqlstate_is($primary, "SELECT * FROM replica.drop_slot('s1')", '55006', 'replication slot "s1" is in use',
	'the slot of a connected standby is not dropped');

# --- the marker ------------------------------------------------------------------------------------------------------
my $token = $primary->safe_psql('postgres', "SELECT token FROM replica.write_marker('s1')");
$primary->wait_for_catchup($standby);
is($standby->safe_psql('postgres', "SELECT token FROM replica.read_marker('s1')"), $token,
	'a token written on the primary is read on the standby');
sqlstate_is($standby, "SELECT * FROM replica.write_marker('s1')", '25006',
	'replica.write_marker cannot run on a standby', 'a standby writes no token');

# --- what only looks like a standby ----------------------------------------------------------------------------------
my $directory = PostgreSQL::Test::Utils::tempdir;
for my $name ('pg_receivewal', 'renamed')
{
	mkdir "$directory/$name";
	my $receiver = IPC::Run::start(
		[ 'pg_receivewal', '-D', "$directory/$name", '-d', $primary->connstr . " application_name=$name" ],
		'>', \my $out, '2>', \my $err);
	$primary->poll_query_until('postgres',
		"SELECT EXISTS (SELECT FROM pg_stat_replication WHERE application_name = '$name' AND write_lsn IS NOT NULL)");
	is(standby_row('count(*)', "application_name = '$name'"), '0', "pg_receivewal as $name is no standby");
	$receiver->kill_kill;
}
$primary->safe_psql('postgres', 'INSERT INTO t SELECT repeat(md5(i::text), 30) FROM generate_series(1, 30000) i');
$primary->wait_for_catchup($standby);
for my $name ('pg_basebackup', 'renamed')
{
	my $backup = IPC::Run::start(
		[ 'pg_basebackup', '-D', "$directory/backup_$name", '-r', '1M', '-c', 'fast', '-d',
			$primary->connstr . " application_name=$name" ],
		'>', \my $out, '2>', \my $err);
	$primary->poll_query_until('postgres',
		"SELECT count(*) = 2 FROM pg_stat_replication WHERE application_name = '$name' AND state IN ('backup', 'streaming')");
	is(standby_row("count(*), min(slot_name)", 'true'), '1|s1',
		"neither session of pg_basebackup as $name, nor its temporary slot, is a standby");
	$backup->kill_kill;
}

# killed, pg_basebackup leaves the child behind that streams WAL
$primary->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_replication WHERE application_name <> 's1'");
$primary->poll_query_until('postgres', 'SELECT count(*) = 1 FROM pg_stat_replication');

# --- rights ----------------------------------------------------------------------------------------------------------
$primary->safe_psql('postgres', 'CREATE ROLE stranger LOGIN; CREATE ROLE watcher LOGIN IN ROLE pg_monitor;'
	  . 'GRANT USAGE ON SCHEMA replica TO stranger; GRANT SELECT ON ALL TABLES IN SCHEMA replica TO stranger;'
	  . 'GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA replica TO stranger');
$primary->wait_for_catchup($standby);
my $facts = 'SELECT state, health FROM replica.standbys';
is($primary->safe_psql('postgres', "SET ROLE stranger; $facts"), '|unknown', 'without pg_monitor: unknown, not absent');
is($primary->safe_psql('postgres', "SET ROLE watcher; $facts"), 'streaming|ok', 'pg_monitor sees all');
$facts = 'SELECT receiver_status, health FROM replica.node';
is($standby->safe_psql('postgres', "SET ROLE stranger; $facts"), '|unknown', 'the receiver is unknown, not absent');
is($standby->safe_psql('postgres', "SET ROLE watcher; $facts"), 'streaming|ok', 'pg_monitor sees the receiver');

# --- synchronous names -----------------------------------------------------------------------------------------------
$primary->safe_psql('postgres', q{ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (S1, "site-b")'});
$primary->reload;
wait_for_standby("application_name = 's1' AND sync_state = 'sync'", 'the standby is synchronous');
is(standby_row('state IS NULL, slot_name IS NULL, health, reason', "application_name = 'site-b'"),
	't|t|critical|absent: synchronous_standby_names lists "site-b", and no standby of that name is connected',
	'a listed standby that is not connected has a row');
is(standby_row('count(*)', 'true'), '2', 'the connected one is matched whatever its case');
is($primary->safe_psql('postgres', 'SELECT health FROM replica.node'), 'ok', 'one is enough for commits');
$primary->safe_psql('postgres', q{SET synchronous_commit = local; SELECT FROM replica.create_slot('site_b')});
is(standby_row('slot_name, health', "application_name = 'site-b'"), 'site_b|critical', 'its slot is in the same row');
is(standby_row('count(*)', 'true'), '2', 'and in no other');
$primary->safe_psql('postgres', q{SELECT FROM replica.drop_slot('site_b')});
$primary->safe_psql('postgres', q{ALTER SYSTEM SET synchronous_standby_names = 'ANY 2 (s1, "site-b")'});
$primary->reload;
ok($primary->poll_query_until('postgres', "SELECT health = 'critical' AND reason LIKE 'commits wait: %wants 2%, 1 can confirm'"
		  . ' FROM replica.node'), 'a commit that would hang is foretold');
$primary->safe_psql('postgres', 'ALTER SYSTEM RESET synchronous_standby_names');
$primary->reload;

# --- paused replay ---------------------------------------------------------------------------------------------------
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
$primary->safe_psql('postgres', "SET synchronous_commit = local;"
	  . "INSERT INTO t SELECT repeat(md5(i::text), 30) FROM generate_series(1, 25000) i");
wait_for_standby("state = 'streaming' AND health = 'warning' AND reason LIKE '% MB behind: replay may be%'"
	  . ' AND replay_lag_bytes > 16 * 1024 * 1024', 'bytes behind alarm although the session streams');
ok($standby->poll_query_until('postgres', "SELECT replay_pause_state = 'paused' AND health = 'warning'"
		  . " AND reason LIKE 'replay is paused with % MB to replay:%' AND unreplayed_bytes > 16 * 1024 * 1024"
		  . ' FROM replica.node'), 'the standby says that replay is paused');
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');
$primary->wait_for_catchup($standby);
wait_for_standby("application_name = 's1' AND health = 'ok' AND replay_lag = '0'", 'resumed, it is well again');

# --- a pending restart, a failing archiver ---------------------------------------------------------------------------
$primary->safe_psql('postgres', 'ALTER SYSTEM SET max_wal_senders = 11');
$primary->reload;
ok($primary->poll_query_until('postgres', "SELECT pending_restart = '{max_wal_senders}' AND health = 'warning'"
		  . " AND reason = 'settings wait for a restart: max_wal_senders' FROM replica.node"), 'a pending restart is named');
$primary->safe_psql('postgres', "ALTER SYSTEM SET archive_mode = 'on'");
$primary->safe_psql('postgres', "ALTER SYSTEM SET archive_command = 'false'");
$primary->restart;
$primary->safe_psql('postgres', 'INSERT INTO t VALUES (1); SELECT pg_switch_wal()');
ok($primary->poll_query_until('postgres', "SELECT archive_mode = 'on' AND failed_count > 0 AND health = 'critical'"
		  . " AND reason LIKE 'archiving fails%' FROM replica.node"), 'a failing archiver is critical');
wait_for_standby("application_name = 's1' AND health = 'ok'", 'the standby is back after the restart');

# --- a frozen standby ------------------------------------------------------------------------------------------------
my $receiver = $standby->safe_psql('postgres', 'SELECT pid FROM pg_stat_wal_receiver');
kill 'STOP', $receiver;
$primary->safe_psql('postgres', 'INSERT INTO t VALUES (2)');
wait_for_standby("application_name = 's1' AND health IN ('warning', 'critical') AND reason LIKE '%silent for %'"
	  . " AND replay_lag > '15 s'", 'a frozen standby is silent and its lag grows');
my $before = standby_row('extract(epoch FROM replay_lag)', "application_name = 's1'");
sleep 2;
cmp_ok(standby_row('extract(epoch FROM replay_lag)', "application_name = 's1'"), '>', $before + 1, 'second by second');
kill 'CONT', $receiver;
wait_for_standby("application_name = 's1' AND health = 'ok'", 'thawed, it is well');

# --- a limit raised on the primary: it streams on, and replays no more ------------------------------------------------
SKIP:
{
	skip 'before 14 the standby stops', 3 if server_major() < 14;
	$primary->safe_psql('postgres', 'ALTER SYSTEM SET max_wal_senders = 13');
	$primary->restart;
	ok( $standby->poll_query_until('postgres', "SELECT replay_pause_state = 'paused' AND receiver_status = 'streaming'"
			  . " AND health = 'warning' AND reason LIKE '%a limit below the primary''s%' FROM replica.node"),
		'the standby says that it replays no more');
	wait_for_standby("application_name = 's1' AND health = 'warning' AND reason LIKE 'all WAL has arrived, %'",
		'and the primary sees that replay stands still');
	$standby->append_conf('postgresql.conf', "max_wal_senders = 13\n");
	$standby->restart;
	wait_for_standby("application_name = 's1' AND health = 'ok'", 'raised there as well, it goes on');
}

# --- gone ------------------------------------------------------------------------------------------------------------
$primary->stop('immediate');
ok($standby->poll_query_until('postgres', "SELECT health = 'critical' AND reason LIKE 'no WAL receiver runs%'"
		  . ' AND receiver_status IS NULL FROM replica.node'), 'a standby without receiver is critical');
$primary->start;
wait_for_standby("application_name = 's1' AND health = 'ok'", 'and comes back');
$standby->promote;
is($standby->safe_psql('postgres', 'SELECT role, timeline, health FROM replica.node'), 'primary|2|ok',
	'once promoted, it is a primary on the timeline of its WAL');
wait_for_standby("application_name IS NULL AND slot_name = 's1' AND health = 'critical'", 'and is absent here');

done_testing();
