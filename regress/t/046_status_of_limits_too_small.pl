# A limit is raised on the primary before it is on the standby: what status says of both, in every format, until it is raised there.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use StatusFormats;
use Test::More;

my $primary = stock_primary('primary', extension => 1, config => "fsync = off\nautovacuum = off\nmax_connections = 30\nmax_worker_processes = 8\n");
my @connection = $primary->connection;
my %login = (passfile => $primary->passfile);
my ($host, $port) = ($primary->host, $primary->port);
$primary->psql_ok("CREATE ROLE rep LOGIN REPLICATION PASSWORD 'r'; CREATE TABLE t (v text)");
my $passfile = write_passfile($primary->base . '/standby_passfile', [ $host, '*', '*', 'rep', 'r' ]);
my ($data, $its_port) = ($primary->base . '/s1', free_port());
my @standby = ('-h', $host, '-p', $its_port, '-U', 'postgres', '-d', 'postgres');
my $copy = run_program([ 'pg_basebackup', '-w', '-c', 'fast', '-R', '-C', '-S', 's1', '-D', $data, '-d',
		"host=$host port=$port user=rep application_name=s1 passfile='$passfile'" ]);
is($copy->{status}, 0, 's1 is copied') or diag($copy->{stderr});
configure("port = $its_port\nwal_retrieve_retry_interval = 200ms\n");
stop_at_end($data);

sub configure
{
	my ($lines) = @_;
	open(my $conf, '>>', "$data/postgresql.conf") or die "cannot write: $!";
	print $conf $lines;
	return close($conf);
}
sub on_standby { return psql_value($host, $its_port, 'postgres', $primary->passfile, $_[0]) }
sub start_standby { return run_program([ 'pg_ctl', '-s', '-w', '-D', $data, '-l', "$data.log", 'start' ])->{status} == 0 }

sub wait_for
{
	my ($condition, $what) = @_;
	return ok(poll_until(sub { ($primary->psql("SELECT EXISTS (SELECT FROM replica.standbys WHERE $condition)") || '') eq 't' }, 40), $what);
}

ok(start_standby(), 's1 is started') or diag(slurp("$data.log"));
wait_for("application_name = 's1' AND health = 'ok'", 's1 streams');

# --- raised on the primary first -----------------------------------------------------------------------------------------------------
$primary->psql_ok('ALTER SYSTEM SET max_connections = 40');
$primary->psql_ok('ALTER SYSTEM SET max_worker_processes = 12');
$primary->restart;
SKIP:
{
	skip 'before 14 the standby stops', 1 if server_major() < 14;
	ok(poll_until(sub { (on_standby('SELECT replay_pause_state FROM replica.node') || '') eq 'paused' }, 40), 'replay is paused') or diag(slurp("$data.log"));
	$primary->psql_ok('INSERT INTO t VALUES (1)');
	wait_for("application_name = 's1' AND reason LIKE 'all WAL has arrived%'", 'the primary sees that replay stands still');
	# right after a reply of the standby, so few bytes may still be on their way
	in_every_format('a limit too small, from the primary', \@connection, \%login, health => 'warning', options => [ '--warning-bytes', '8b' ],
		reason => qr/replay may be (slow, )?paused or held up by a query/);
	in_every_format('a limit too small, from the standby', \@standby, \%login, health => 'warning',
		reason => qr/replay is paused with .* to replay: a limit below the primary's, max_connections \(30 here, 40 there\), max_worker_processes \(8 here, 12 there\); raise it here and restart this server/);

	on_standby('SELECT pg_wal_replay_pause()');
	on_standby('SELECT pg_wal_replay_resume()');
}

# --- and the standby stops: resumed without more, or, before 14, at once -----------------------------------------------------------------
ok(poll_until(sub { !-e "$data/postmaster.pid" }, 40), 'the standby shuts down') or diag(slurp("$data.log"));
like(slurp("$data.log"), qr/max_connections = 30 is a lower setting than on the (primary|master) server/, 'its log says why');
ok(!start_standby(), 'and it does not start again');
in_every_format('a standby that a limit stopped, from itself', \@standby, \%login, health => 'critical', reason => qr/cannot connect to the server/);
in_every_format('a standby that a limit stopped, from the primary', \@connection, \%login, health => 'critical',
	reason => qr/absent: nobody streams from slot "s1", which retains/);

# --- raised on the standby, too ---------------------------------------------------------------------------------------------------------
configure("max_connections = 40\nmax_worker_processes = 12\n");
ok(start_standby(), 'with the limits raised it starts') or diag(slurp("$data.log"));
wait_for("application_name = 's1' AND health = 'ok'", 'and goes on');
in_every_format('limits raised on both', \@standby, \%login, health => 'ok', reason => qr/a standby that receives and replays/);
on_standby('SELECT pg_wal_replay_pause()');
in_every_format('a pause that somebody asked for', \@standby, \%login, health => 'warning',
	reason => qr/replay is paused with .* to replay: by pg_wal_replay_pause\(\) or a recovery target; the server log says which/);
done_testing();
