# A standby on another host: what status says, on both sides, while it catches up over a slow link, and while the link is cut.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use TwoHosts;
use ReplicaTest;
use StatusFormats;
use JSON::PP;
use Test::More;
use Time::HiRes qw(time sleep);

my $primary = stock_primary('primary', extension => 1,
	config => "fsync = off\nlisten_addresses = '127.0.0.1, 10.9.0.1'\nautovacuum = off\nwal_sender_timeout = 20s\nmax_wal_size = 1GB\n");
my @connection = $primary->connection;
my %login = (passfile => $primary->passfile);
my $there = address_there();
$primary->psql_ok("CREATE ROLE rep LOGIN REPLICATION PASSWORD 'r'; CREATE TABLE t (v text)");
run_program([ 'sh', '-c', "printf 'host all,replication all $there/32 scram-sha-256\\n' >> \"\$0\"", $primary->data_dir . '/pg_hba.conf' ]);
$primary->psql_ok('SELECT pg_reload_conf()');
my $passfile = write_passfile($primary->base . '/there', [ '*', '*', '*', 'rep', 'r' ]);
my ($data, $port) = ($primary->base . '/s1', free_port());
my @copy = ('pg_basebackup', '-w', '-c', 'fast', '-R', '-C', '-S', 's1', '-D', $data, '-d',
	"host=10.9.0.1 port=" . $primary->port . " user=rep application_name=s1 passfile='$passfile'");
ok(run_there($passfile, @copy), 'the standby is copied on the other host') or diag(output_there());
open(my $conf, '>>', "$data/postgresql.conf");
print $conf "port = $port\nlisten_addresses = '127.0.0.1, $there'\nwal_receiver_timeout = 12s\nwal_retrieve_retry_interval = 500ms\n";
close($conf);
open(my $hba, '>>', "$data/pg_hba.conf");
print $hba "host all all 10.9.0.1/32 scram-sha-256\n";
close($hba);
my @start = ('pg_ctl', '-s', '-w', '-D', $data, '-l', "$data.log", 'start');
ok(run_there($passfile, @start), 'and started there') or diag(output_there());
stop_at_end($data);

sub seen
{
	my $result = run_tool([ 'status', @connection, '--format', 'json' ], %login);
	my $server = decode_json($result->{stdout})->{servers}[0];
	return ($server->{standbys}[0], $result->{status});
}
sub standby_is
{
	my ($condition) = @_;
	return poll_until(sub { my ($standby) = seen(); return $standby && $condition->($standby) }, 60);
}
ok(standby_is(sub { $_[0]{health} eq 'ok' }), 'it streams');

# --- the primary knows where its standby is -------------------------------------------------------------------------------------
my $both = run_tool([ 'status', @connection, '--standbys', '--standby-port', $port ], %login);
is($both->{status}, 0, '--standbys looks at the standby itself') or diag($both->{output});
like($both->{stdout}, qr/\Aprimary 127\.0\.0\.1:\d+: ok\n  standby 10\.9\.0\.2:$port: ok\n\n/, 'and shows who streams from whom');
like($both->{stdout}, qr/^server +10\.9\.0\.2:$port\nrole +standby/m, 'with what it says of itself');
my $closed = run_tool([ 'status', @connection, '--standbys' ], %login);
is($closed->{status}, 2, 'a standby that is not reached on the port of its primary is critical');
like($closed->{stdout}, qr/^server +10\.9\.0\.2:\d+\nhealth +critical: cannot connect to the server/m, 'and named');

# --- catching up (its own state) --------------------------------------------------------------------------------------------------
ok(run_there($passfile, 'pg_ctl', '-s', '-m', 'fast', '-D', $data, 'stop'), 'the standby is away');
$primary->psql_ok('INSERT INTO t SELECT repeat(md5(i::text), 30) FROM generate_series(1, 25000) i');
link_do('slow');
ok(run_there($passfile, @start), 'and back on a slow link') or diag(output_there());
if (ok(standby_is(sub { ($_[0]{state} || '') eq 'catchup' }), 'it catches up'))
{
	in_every_format('a standby that catches up', \@connection, \%login, health => 'warning',
		reason => qr/catching up: it streams WAL that others have had/);
}
link_do('fast');
ok(standby_is(sub { $_[0]{health} eq 'ok' }), 'it has caught up');

# --- the link is cut --------------------------------------------------------------------------------------------------------------
my ($before) = seen();
is($before->{replay_lag}, 0, 'an idle pair has no lag, however old the measurement');
link_do('cut');
my $cut = time();
$primary->psql_ok('INSERT INTO t VALUES (1)');
my @limits = ('--silence', 2);
ok(poll_until(sub { run_tool([ 'status', @connection, @limits ], %login)->{status} == 1 }, 20), 'a cut link is noticed from the primary');
in_every_format('a cut link, from the primary', \@connection, \%login, health => 'warning', options => \@limits,
	reason => qr/silent for \d+ s: the standby may be frozen, the link cut or its clock behind/);
my $lag = sub { decode_json(run_tool([ 'status', @connection, '--format', 'json', @limits ], %login)->{stdout})->{servers}[0]{standbys}[0]{replay_lag} };
my $first = $lag->();
sleep 2;
my $second = $lag->();
cmp_ok($second, '>=', $first + 1.5, "its lag grows: $first s, 2 s later $second s");
SKIP:
{
	skip 'the machine was too slow to see it within wal_sender_timeout', 2 if time() - $cut > 14;
	my $late = run_tool([ 'status', @connection, '--format', 'json', '--silence', 2 ], %login);
	ok(poll_until(sub { run_tool([ 'status', @connection, @limits ], %login)->{status} == 2 }, 20), 'when a reply was asked for and did not come, it is critical');
	cmp_ok(time() - $cut, '<=', 21, 'before the session is given up') or diag($late->{stdout});
}
ok(run_there($primary->passfile, tool_path(), 'status', '-w', '-h', '127.0.0.1', '-p', $port, '-U', 'postgres', '-d', 'postgres')
	  || ended_there() == 2, 'from the standby it is critical') or diag(output_there());
like(output_there(), qr/no message from the upstream for \d+ s: it may be frozen or the link cut|no WAL receiver runs/, 'and said why');
ok(standby_is(sub { !defined $_[0]{pid} }), 'the session is given up after wal_sender_timeout');
in_every_format('a standby that was cut off', \@connection, \%login, health => 'critical', reason => qr/absent: nobody streams from slot "s1", which retains/);
link_do('mend');
ok(standby_is(sub { $_[0]{health} eq 'ok' }), 'mended, it streams again');
run_there($passfile, 'pg_ctl', '-s', '-m', 'fast', '-D', $data, 'stop');
done_testing();
