# Standbys that stream, and yet are not what they seem: status names each, in every format, with its health and exit code.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use POSIX ();
use ReplicaTest;
use StatusFormats;
use Test::More;

my $primary = stock_primary('primary', extension => 1, config => "fsync = off\nautovacuum = off\nwal_keep_size = 256MB\n");
my @connection = $primary->connection;
my %login = (passfile => $primary->passfile);
my ($host, $port) = ($primary->host, $primary->port);
$primary->psql_ok("CREATE ROLE rep LOGIN REPLICATION PASSWORD 'r'; CREATE TABLE t (v text)");
my $passfile = write_passfile($primary->base . '/standby_passfile', [ $host, '*', '*', 'rep', 'r' ]);

sub on_server { return psql_value($host, $_[0], 'postgres', $primary->passfile, $_[1]) }
sub data_of { return $primary->base . "/$_[0]" }
sub conninfo { my ($to, $name) = @_; return "host=$host port=$to user=rep application_name=$name passfile='$passfile'" }

sub append
{
	my ($file, @lines) = @_;
	open(my $conf, '>>', $file) or die "cannot write $file: $!";
	print $conf map { "$_\n" } @lines;
	return close($conf);
}

sub follow
{
	my ($name, $to, $as) = @_;
	(my $value = conninfo($to, $as || $name)) =~ s/'/''/g;
	return append(data_of($name) . '/postgresql.auto.conf', "primary_conninfo = '$value'");
}

sub start_standby
{
	my ($name) = @_;
	my $result = run_program([ 'pg_ctl', '-s', '-w', '-D', data_of($name), '-l', data_of("$name.log"), 'start' ]);
	return is($result->{status}, 0, "$name is started") || diag(slurp(data_of("$name.log")));
}
sub stop_standby { return stop_server(data_of($_[0]), 'fast') }

# A copy of the primary by PostgreSQL's own means, not started; returns its port.
sub copy_primary
{
	my ($name, @slot) = @_;
	my $result = run_program([ 'pg_basebackup', '-w', '-c', 'fast', '-R', @slot, '-D', data_of($name), '-d', conninfo($port, $name) ]);
	is($result->{status}, 0, "$name is copied") or diag($result->{stderr});
	my $its_port = free_port();
	append(data_of($name) . '/postgresql.conf', "port = $its_port", 'wal_retrieve_retry_interval = 200ms', "listen_addresses = '$host'");
	stop_at_end(data_of($name));
	return $its_port;
}

sub wait_for
{
	my ($condition, $what) = @_;
	return ok(poll_until(sub { ($primary->psql("SELECT EXISTS (SELECT FROM replica.standbys WHERE $condition)") || '') eq 't' }, 40), $what);
}
sub at { my ($its_port) = @_; return [ '-h', $host, '-p', $its_port, '-U', 'postgres', '-d', 'postgres' ] }
sub wait_for_receiver
{
	my ($its_port, $state) = @_;
	return ok(poll_until(sub { (on_server($its_port, 'SELECT status FROM pg_stat_wal_receiver') || '') eq $state }, 40), "its receiver is $state");
}

my $s1 = copy_primary('s1');
start_standby('s1');
wait_for("application_name = 's1' AND health = 'ok'", 's1 streams');

# --- sessions that are no standbys (pg_receivewal, pg_basebackup) ------------------------------------------------------------------
mkdir data_of('wal');
my $receiver = fork();
if (!$receiver)
{
	delete $ENV{PGAPPNAME};
	open(STDERR, '>', '/dev/null');
	exec('pg_receivewal', '-w', '-D', data_of('wal'), '-d', "host=$host port=$port user=rep passfile='$passfile'") or POSIX::_exit(127);
}
ok(poll_until(sub { ($primary->psql("SELECT count(*) FROM pg_stat_replication WHERE application_name = 'pg_receivewal'") || 0) == 1 }, 20), 'pg_receivewal streams');
my $with_receiver = run_tool([ 'status', @connection ], %login);
is($with_receiver->{status}, 0, 'it is no standby that lags');
unlike($with_receiver->{stdout}, qr/pg_receivewal/, 'and not among the standbys');
kill 'INT', $receiver;
waitpid($receiver, 0);

# --- a base backup that is under way ---------------------------------------------------------------------------------------------------
my $backup = fork();
if (!$backup)
{
	open(STDERR, '>', '/dev/null');
	exec('pg_basebackup', '-w', '-c', 'fast', '-r', '1M', '-D', data_of('slow'), '-d', conninfo($port, 'backup')) or POSIX::_exit(127);
}
ok(poll_until(sub { ($primary->psql("SELECT count(*) FROM pg_stat_replication WHERE application_name = 'backup'") || 0) == 2 }, 20), 'pg_basebackup copies and streams');
in_every_format('a base backup beside a standby', \@connection, \%login, health => 'ok', reason => qr/a primary/);
unlike(run_tool([ 'status', @connection ], %login)->{stdout}, qr/backup/, 'neither of its sessions is among the standbys');
kill 'INT', $backup;
waitpid($backup, 0);

# --- two standbys of one name -------------------------------------------------------------------------------------------------------
my $s2 = copy_primary('s2');
follow('s2', $port, 's1');
start_standby('s2');
wait_for("application_name = 's1' AND reason LIKE '%share%'", 'both stream under one name');
in_every_format('two standbys of one name', \@connection, \%login, health => 'warning', reason => qr/2 sessions share the application_name "s1"/);
stop_standby('s2');

# --- a receiver that is connected to its own server (C05) ---------------------------------------------------------------------------
follow('s2', $s2, 's2');
start_standby('s2');
wait_for_receiver($s2, 'streaming');
is(on_server($s2, 'SELECT state FROM pg_stat_replication'), 'streaming', 'PostgreSQL itself shows a standby that streams');
in_every_format('a standby that follows itself', at($s2), \%login, health => 'critical', reason => qr/the WAL receiver is connected to this very server/);
stop_standby('s2');

# --- a receiver that was sent to another cluster (C05) --------------------------------------------------------------------------------
my $stranger = stock_primary('stranger', extension => 1);
$stranger->psql_ok("CREATE ROLE rep LOGIN REPLICATION PASSWORD 'r'");
follow('s2', $stranger->port, 's2');
start_standby('s2');
ok(poll_until(sub { slurp(data_of('s2.log')) =~ /system identifier differs/ }, 20), 'its log tells of another cluster');
in_every_format('a standby that is sent to another cluster', at($s2), \%login, health => 'critical', reason => qr/no WAL receiver runs: nothing arrives from the primary; see the server log/);
stop_standby('s2');
$stranger->stop('fast');

# --- a standby that is fed by files -----------------------------------------------------------------------------------------------------
append(data_of('s2') . '/postgresql.auto.conf', "primary_conninfo = ''", "restore_command = 'false'");
start_standby('s2');
in_every_format('a standby that is fed by files', at($s2), \%login, health => 'ok', reason => qr/a standby that replays from files/);
stop_standby('s2');

# --- a clock that disagrees (E07) ---------------------------------------------------------------------------------------------------
# It is the primary's that is set: the WAL receiver of servers before 16 is begun in a signal handler, where the library is out of work.
SKIP:
{
	my ($library) = glob('/usr/lib/*/faketime/libfaketime.so.1');
	skip 'faketime is not installed', 1 unless $library;
	start_primary(LD_PRELOAD => $library, FAKETIME_DONT_FAKE_MONOTONIC => 1, FAKETIME => '-300s');
	wait_for("application_name = 's1' AND reply_time > now() + interval '4 min'", 'the replies of s1 come from the future');
	in_every_format('a clock that is ahead', \@connection, \%login, health => 'warning', reason => qr/its clock is (29\d|30\d) s ahead of this server's/);
	start_primary(LD_PRELOAD => $library, FAKETIME_DONT_FAKE_MONOTONIC => 1, FAKETIME => '+300s');
	wait_for("application_name = 's1' AND reply_time < now() - interval '4 min'", 'or from the past');
	in_every_format('a clock that is behind', \@connection, \%login, health => 'warning',
		reason => qr/its last reply is dated (29\d|3[0-3]\d) s ago, beyond wal_sender_timeout: its clock is behind, or it is silent/);
	start_primary();
	wait_for("application_name = 's1' AND health = 'ok'", 'with the right time it is well');
}

sub start_primary
{
	my (%env) = @_;
	$primary->stop('fast');
	my $result = run_program([ 'pg_ctl', '-s', '-w', '-D', $primary->data_dir, '-l', $primary->base . '/log', 'start' ], env => \%env);
	return is($result->{status}, 0, 'the primary is started');
}

# --- a slot whose WAL may go with the next checkpoint ----------------------------------------------------------------------------------
my $s3 = copy_primary('s3', '-C', '-S', 's3');
$primary->psql_ok("ALTER SYSTEM SET wal_keep_size = 0; ");
$primary->psql_ok("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'");
$primary->psql_ok('SELECT pg_reload_conf()');
for (1 .. 4)
{
	$primary->psql_ok('INSERT INTO t VALUES (4)');
	$primary->psql_ok('SELECT pg_switch_wal()');
}
wait_for("slot_name = 's3' AND wal_status = 'unreserved'", 'a slot is beyond its limit');
in_every_format('a slot that is unreserved', \@connection, \%login, health => 'critical',
	reason => qr/slot "s3" is beyond max_slot_wal_keep_size: the next checkpoint may remove WAL that its standby needs/);
$primary->psql_ok('ALTER SYSTEM RESET max_slot_wal_keep_size');
$primary->psql_ok('SELECT pg_reload_conf()');
$primary->psql_ok("SELECT FROM replica.drop_slot('s3')");
append(data_of('s3') . '/postgresql.auto.conf', "primary_slot_name = ''");

# --- a standby that is ahead of the server that was promoted (C05) ----------------------------------------------------------------------
start_standby('s3');
ok(poll_until(sub { (on_server($s3, 'SELECT status FROM pg_stat_wal_receiver') || '') eq 'streaming' }, 40), 's3 streams, too') or diag(slurp(data_of('s3.log')));
ok(poll_until(sub { on_server($s3, 'SELECT pg_last_wal_replay_lsn()') eq $primary->psql('SELECT pg_current_wal_lsn()') }, 20), 'and has all');
stop_standby('s3');
$primary->psql_ok('INSERT INTO t SELECT md5(i::text) FROM generate_series(1, 1000) i');
my $end = $primary->psql('SELECT pg_current_wal_insert_lsn()');
ok(poll_until(sub { on_server($s1, "SELECT pg_last_wal_receive_lsn() >= '$end'") eq 't' }, 20), 's1 has received more than s3');
$primary->stop('immediate');
start_standby('s3');
on_server($s3, 'SELECT pg_promote()');
stop_standby('s1');
follow('s1', $s3);
start_standby('s1');
if (ok(poll_until(sub { (on_server($s1, 'SELECT status FROM pg_stat_wal_receiver') || '') eq 'waiting' || slurp(data_of('s1.log')) =~ /ahead of|not in this server's history/ }, 40),
	's1 is sent to a server that lacks what it has'))
{
	in_every_format('a standby that has diverged, from itself', at($s1), \%login, health => 'critical',
		reason => qr/the WAL receiver waits: the upstream has nothing to send on this timeline|no WAL receiver runs/);
}
done_testing();
