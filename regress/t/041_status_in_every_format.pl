# What goes wrong with replication, provoked, and what status says of it in each format: health, reason and exit code.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use JSON::PP;
use POSIX ();
use ReplicaTest;
use StatusFormats;
use Test::More;

my $primary = stock_primary('primary', extension => 1, config => "archive_mode = on\narchive_command = 'true'\nautovacuum = off\nmax_wal_size = 64MB\n");
my @connection = $primary->connection;
my %login = (passfile => $primary->passfile);
my ($host, $port) = ($primary->host, $primary->port);
$primary->psql_ok("CREATE ROLE rep LOGIN REPLICATION PASSWORD 'r'; CREATE TABLE t (v text)");
my $passfile = write_passfile($primary->base . '/standby_passfile', [ $host, '*', '*', 'rep', 'r' ]);

sub on_server { return psql_value($host, $_[0], 'postgres', $primary->passfile, $_[1]); }

sub start_standby
{
	my ($name) = @_;
	return system('pg_ctl', '-s', '-w', '-D', $primary->base . "/$name", '-l', $primary->base . "/$name.log", 'start') == 0;
}

# A standby by PostgreSQL's own means; returns its port.
sub make_standby
{
	my ($name) = @_;
	my ($data, $standby_port) = ($primary->base . "/$name", free_port());
	my $backup = run_program([ 'pg_basebackup', '-w', '-c', 'fast', '-R', '-C', '-S', "slot_$name", '-D', $data,
			'-d', "host=$host port=$port user=rep application_name=$name passfile='$passfile'" ]);
	is($backup->{status}, 0, "$name is copied") or diag($backup->{stderr});
	open(my $conf, '>>', "$data/postgresql.conf");
	print $conf "port = $standby_port\nwal_retrieve_retry_interval = 200ms\nmax_standby_streaming_delay = -1\n";
	close($conf);
	stop_at_end($data);
	ok(start_standby($name), 'and started');
	return $standby_port;
}

sub pid_of
{
	my ($data) = @_;
	my ($pid) = split /\n/, slurp("$data/postmaster.pid");
	return $pid;
}

sub wait_for
{
	my ($condition, $what) = @_;
	return ok(poll_until(sub { ($primary->psql("SELECT EXISTS (SELECT FROM replica.standbys WHERE $condition)") || '') eq 't' }, 40), $what);
}

my $s1 = make_standby('s1');
my @standby = @connection;
$standby[3] = $s1;
wait_for("application_name = 's1' AND health = 'ok'", 's1 streams');
in_every_format('a pair that is well', \@connection, \%login, health => 'ok', reason => qr/a primary/);
in_every_format('a standby that is well', \@standby, \%login, health => 'ok', reason => qr/a standby that receives and replays/);

# --- paused replay (C07) ------------------------------------------------------------------------------------------------
on_server($s1, 'SELECT pg_wal_replay_pause()');
$primary->psql_ok('INSERT INTO t SELECT repeat(md5(i::text), 30) FROM generate_series(1, 25000) i');
wait_for("application_name = 's1' AND replay_lag_bytes > 16 * 1024 * 1024", 'paused replay is seen from the primary');
in_every_format('paused replay, from the primary', \@connection, \%login, health => 'warning',
	reason => qr/replay may be (slow, )?paused or held up by a query/);
in_every_format('paused replay, from the standby', \@standby, \%login, health => 'warning', reason => qr/replay is paused with .* to replay/);
in_every_format('paused replay with a limit of 1 kB', \@connection, \%login, health => 'critical', reason => qr/paused or held up by a query/,
	options => [ '--warning-bytes', '512b', '--critical-bytes', '1kb' ]);
on_server($s1, 'SELECT pg_wal_replay_resume()');
wait_for("application_name = 's1' AND health = 'ok'", 'resumed, it is well');

# --- a query on the standby in the way of replay (C10) ----------------------------------------------------------------------
my $reader = start_reader('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM t; SELECT pg_sleep(60)');
my $sleeper = "FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
ok(poll_until(sub { (on_server($s1, "SELECT count(*) $sleeper") || 0) == 1 }, 20), 'a query runs on the standby');
$primary->psql_ok('DELETE FROM t; INSERT INTO t VALUES (1)');
$primary->psql_ok('VACUUM t');
if (ok(poll_until(sub { (on_server($s1, 'SELECT replay_wait_event IS NOT NULL FROM replica.node') || '') eq 't' }, 20), 'a query holds up replay'))
{
	my $blocker = on_server($s1, "SELECT pid $sleeper");
	is(on_server($s1, 'SELECT replay_blocker_pid FROM replica.node'), $blocker, 'the view names its process');
	in_every_format('a query holds up replay', \@standby, \%login, health => 'warning', reason => qr/replay waits for a query \(RecoveryConflictSnapshot\): SELECT pg_terminate_backend\($blocker\) ends it/);
	the_query_is_shown_to_people($blocker, qr/BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count\(\*\) FROM t; SELECT pg_sleep\(60\)/);
}
on_server($s1, "SELECT pg_terminate_backend(pid) $sleeper");
waitpid($reader, 0);
wait_for("application_name = 's1' AND health = 'ok'", 'without it replay goes on');

# --- a lock on the standby in the way of replay (C10) ------------------------------------------------------------------------
$primary->psql_ok('CREATE TABLE locked ()');
ok(poll_until(sub { (on_server($s1, q{SELECT to_regclass('locked') IS NOT NULL}) || '') eq 't' }, 40), 'a table is there');
$reader = start_reader("BEGIN; SELECT count(*) FROM locked;\n SELECT pg_sleep(60) /* a secret \e[2J */");
ok(poll_until(sub { (on_server($s1, "SELECT count(*) $sleeper") || 0) == 1 }, 20), 'a query holds a lock on the standby');
$primary->psql_ok('DROP TABLE locked');
if (ok(poll_until(sub { (on_server($s1, 'SELECT replay_blocker_pid FROM replica.node WHERE replay_wait_event IS NOT NULL') || 0) > 0 }, 20), 'replay waits for the lock'))
{
	my $blocker = on_server($s1, "SELECT pid $sleeper");
	in_every_format('a lock holds up replay', \@standby, \%login, health => 'warning', reason => qr/replay waits for a query \(\w+\): SELECT pg_terminate_backend\($blocker\) ends it/);
	the_query_is_shown_to_people($blocker, qr/BEGIN; SELECT count\(\*\) FROM locked; SELECT pg_sleep\(60\) \/\* a secret \\x1b\[2J \*\//);
}
on_server($s1, "SELECT pg_terminate_backend(pid) $sleeper");
waitpid($reader, 0);
wait_for("application_name = 's1' AND health = 'ok'", 'without it replay goes on, too');

# status -v on a screen, and nothing else: not without -v, in no file, in no other format
sub the_query_is_shown_to_people
{
	my ($process, $query) = @_;
	my $file = $primary->base . '/table';
	like(run_tool([ 'status', @standby, '-v' ], %login)->{stdout}, qr/^blocking query  process $process, active: $query$/m, 'status -v shows the query, in one line');
	run_tool([ 'status', @standby, '-v', '--output', $file ], %login);
	my @others = map { run_tool([ 'status', @standby, @$_ ], %login)->{output} } [], map { [ '-v', '--format', $_ ] } qw(json csv nagios prometheus);
	return unlike(join("\n", slurp($file), @others), qr/pg_sleep|blocking query/, 'and neither a file nor another format holds it');
}

sub start_reader
{
	my ($sql) = @_;
	my $pid = fork();
	return $pid if $pid;
	$ENV{PGPASSFILE} = $primary->passfile;
	open(STDOUT, '>', '/dev/null');
	open(STDERR, '>', '/dev/null');
	exec('psql', '-XAtqw', '-h', $host, '-p', $s1, '-U', 'postgres', '-d', 'postgres', '-c', $sql) or POSIX::_exit(127);
}

# --- a frozen standby (C13) -----------------------------------------------------------------------------------------------
my $receiver = on_server($s1, 'SELECT pid FROM pg_stat_wal_receiver');
kill 'STOP', $receiver;
$primary->psql_ok('INSERT INTO t VALUES (2)');
ok(poll_until(sub { run_tool([ 'status', @connection, '--silence', 2 ], %login)->{status} == 1 }, 20), 'a frozen standby is noticed');
in_every_format('a frozen standby', \@connection, \%login, health => 'warning', reason => qr/silent for \d+ s: the standby may be frozen, the link cut or its clock behind/,
	options => [ '--silence', 2 ]);
kill 'CONT', $receiver;
wait_for("application_name = 's1' AND health = 'ok'", 'thawed, it is well');

# --- a missing synchronous standby (C12) --------------------------------------------------------------------------------------
$primary->psql_ok("ALTER SYSTEM SET synchronous_standby_names = 'site_b'");
$primary->psql_ok('SELECT pg_reload_conf()');
ok(poll_until(sub { ($primary->psql('SELECT health FROM replica.node') || '') eq 'critical' }), 'a missing synchronous standby is seen');
in_every_format('a missing synchronous standby', \@connection, \%login, health => 'critical', reason => qr/commits wait|absent: synchronous_standby_names lists "site_b"/);
$primary->psql_ok('ALTER SYSTEM RESET synchronous_standby_names');
$primary->psql_ok('SELECT pg_reload_conf()');

# --- a failing archiver (C08) -----------------------------------------------------------------------------------------------
$primary->psql_ok("ALTER SYSTEM SET archive_command = 'false'");
$primary->psql_ok('SELECT pg_reload_conf()');
$primary->psql_ok('INSERT INTO t VALUES (3)');
$primary->psql_ok('SELECT pg_switch_wal()');
ok(poll_until(sub { ($primary->psql('SELECT health FROM replica.node') || '') eq 'critical' }), 'a failing archiver is seen');
in_every_format('a failing archiver', \@connection, \%login, health => 'critical', reason => qr/archiving fails: WAL piles up/);
$primary->psql_ok("ALTER SYSTEM SET archive_command = 'true'");
$primary->psql_ok('SELECT pg_reload_conf()');
ok(poll_until(sub { ($primary->psql('SELECT health FROM replica.node') || '') eq 'ok' }, 90), 'mended, it is well');

# --- rights that are missing (E04) ------------------------------------------------------------------------------------------
$primary->psql_ok("CREATE ROLE stranger LOGIN PASSWORD 's'; GRANT USAGE ON SCHEMA replica TO stranger;"
	  . 'GRANT SELECT ON replica.node, replica.standbys, replica.slots TO stranger; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA replica TO stranger');
my %stranger = (passfile => write_passfile($primary->base . '/stranger', [ '*', '*', '*', 'stranger', 's' ]));
my @stranger = @connection;
$stranger[5] = 'stranger';
in_every_format('a role that may not see the sessions', \@stranger, \%stranger, health => 'unknown', reason => qr/this role may not see its state: GRANT pg_monitor/);
$primary->psql_ok('REVOKE SELECT ON replica.node FROM stranger');
in_every_format('a role that may not read the views', \@stranger, \%stranger, health => 'unknown', reason => qr/permission denied for view node/);
my %wrong = (passfile => write_passfile($primary->base . '/wrong', [ '*', '*', '*', '*', 'wrong' ]));
in_every_format('a wrong password', \@connection, \%wrong, health => 'unknown', reason => qr/cannot connect to the server/);

# --- hostile names ------------------------------------------------------------------------------------------------------------
my $hostile = qq(a,"b'=c|d);
make_hostile();
SKIP:
{
	skip 'python3 is not installed', 1 unless program('python3');
	my @rows = read_csv(run_tool([ 'status', @connection, '--format', 'csv' ], %login)->{stdout});
	ok(scalar(grep { $_->{kind} eq 'standby' && $_->{name} eq $hostile } @rows), 'a CSV parser reads a hostile name back as it is');
}
my $nagios = run_tool([ 'status', @connection, '--format', 'nagios' ], %login)->{stdout};
is(scalar(() = $nagios =~ /\|/g), 1, 'nagios: one bar');
promtool_accepts(run_tool([ 'status', @connection, '--format', 'prometheus' ], %login)->{stdout}, 'a hostile name');

sub make_hostile
{
	on_server($s1, 'SELECT 1');
	(my $quoted = $hostile) =~ s/'/\\'/g;
	(my $conninfo = "host=$host port=$port user=rep passfile='$passfile' application_name='$quoted'") =~ s/'/''/g;
	on_server($s1, "ALTER SYSTEM SET primary_conninfo = '$conninfo'");
	stop_server($primary->base . '/s1', 'fast');
	start_standby('s1');
	return wait_for("slot_name = 'slot_s1' AND health = 'ok' AND application_name LIKE 'a,%'", 'a standby with a hostile name streams');
}

# --- a standby that is gone, and its slot (C09); then the slot lost ---------------------------------------------------------------
stop_server($primary->base . '/s1', 'fast');
wait_for("slot_name = 'slot_s1' AND NOT slot_active", 's1 is gone');
in_every_format('a slot that nobody streams from', \@connection, \%login, health => 'critical', reason => qr/absent: nobody streams from slot "slot_s1", which retains/);
$primary->psql_ok("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'");
$primary->psql_ok('SELECT pg_reload_conf()');
for (1 .. 4)
{
	$primary->psql_ok('INSERT INTO t VALUES (4)');
	$primary->psql_ok('SELECT pg_switch_wal()');
	$primary->psql_ok('CHECKPOINT');
}
wait_for("slot_name = 'slot_s1' AND wal_status = 'lost'", 'its slot is lost');
in_every_format('a lost slot', \@connection, \%login, health => 'critical', reason => qr/slot "slot_s1" has lost WAL that its standby needs: clone the standby again/);

# --- a standby whose slot lost its WAL, seen from there (no receiver) ----------------------------------------------------------
open(my $conf, '>>', $primary->base . '/s1/postgresql.conf');
print $conf "wal_retrieve_retry_interval = 20s\n";
close($conf);
start_standby('s1');
ok(poll_until(sub { run_tool([ 'status', @standby ], %login)->{status} == 2 }), 'a standby without receiver is seen');
in_every_format('a standby without WAL receiver', \@standby, \%login, health => 'critical', reason => qr/no WAL receiver runs/);
stop_server($primary->base . '/s1', 'fast');
$primary->psql_ok("SELECT FROM replica.drop_slot('slot_s1')");

# --- output into a file, a config file, several servers ---------------------------------------------------------------------------
my $file = $primary->base . '/status.prom';
is(run_tool([ 'status', @connection, '--format', 'prometheus', '--output', $file ], %login)->{status}, 0, 'the output goes into a file');
like(slurp($file), qr/^pg_replica_up\{/m, 'which holds it');
is(sprintf('%o', (stat $file)[2] & 07777), '644', 'for all to read');
is_deeply([ glob "$file.*" ], [], 'and leaves no other beside it');
is(run_tool([ 'status', @connection, '--format', 'prometheus', '--output', $primary->base . '/no/where' ], %login)->{status}, 1, 'a file that cannot be written is an error');

my $config = $primary->base . '/status.toml';
open(my $settings, '>', $config);
print $settings "format = \"nagios\"\nwarning-bytes = \"1MB\"\n\n[check]\nstandbys = 3\n";
close($settings);
like(run_tool([ 'status', @connection, '--config', $config ], %login)->{stdout}, qr/^PG_REPLICA OK/, 'a config file chooses the format');
like(run_tool([ 'status', @connection, '--config', $config, '--format', 'json' ], %login)->{stdout}, qr/^\{/, 'and the command line wins');
open($settings, '>>', $config);
print $settings "[status]\nno-such = 1\n";
close($settings);
my $unknown = run_tool([ 'status', @connection, '--config', $config ], %login);
is($unknown->{status}, 2, 'an unknown option in it is refused');
like($unknown->{stderr}, qr/status has no option --no-such/, 'by name');
is(run_tool([ 'status', @connection, '--config', '/nonexistent' ], %login)->{status}, 2, 'as is a file that is not there');
is(run_tool([ 'status', @connection, '--warning-bytes', '2GB' ], %login)->{status}, 2, 'and a warning beyond what is critical');

my $here = "host=$host port=$port user=postgres";
my $two = run_tool([ 'status', '--server', $here, '--server', "host=$host port=" . free_port() . ' user=postgres', '--format', 'json' ], %login);
is($two->{status}, 2, 'of two servers the worse counts');
is(join(' ', map { $_->{health} } @{ decode_json($two->{stdout})->{servers} }), 'ok critical', 'and each has its health');
is_valid_json($two->{stdout}, 'two servers');

# --- the primary frozen, restarted, and stopped -----------------------------------------------------------------------------------
my $postmaster = pid_of($primary->data_dir);
kill 'STOP', $postmaster;
in_every_format('a frozen primary', \@connection, \%login, health => 'critical', reason => qr/cannot connect to the server/);
kill 'CONT', $postmaster;
$primary->stop('fast');
in_every_format('a stopped primary', \@connection, \%login, health => 'critical', reason => qr/cannot connect to the server/, within => 2);

metrics_are_those_asked_for();
done_testing();
