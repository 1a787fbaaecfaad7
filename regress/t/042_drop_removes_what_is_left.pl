# pg_replica slots shows what keeps WAL; pg_replica drop removes what a standby that is gone has left, and nothing else.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use IPC::Run ();
use JSON::PP;
use ReplicaTest;
use Test::More;

my $primary = stock_primary('primary', extension => 1, config => "wal_level = logical\nmax_slot_wal_keep_size = 1GB\n");
my @connection = $primary->connection;
my %login = (passfile => $primary->passfile);

like(run_tool([ 'slots', @connection ], %login)->{stdout}, qr/^no replication slots$/, 'no slots');
my $directory = new_standby_directory($primary, 's1');
my $clone = run_tool(clone_arguments($primary, $directory, free_port(), 's1', '--prepare'), %login);
is($clone->{status}, 0, 'a standby is cloned') or diag($clone->{stderr});
$primary->psql_ok("SELECT FROM replica.create_slot('other')");
$primary->psql_ok("SELECT FROM replica.allow_standby('replicator_s1', '192.0.2.7')");
$primary->psql_ok("SELECT FROM pg_create_logical_replication_slot('logical', 'test_decoding')");

# --- slots -------------------------------------------------------------------------------------------------------------
my $slots = run_tool([ 'slots', @connection ], %login);
is($slots->{status}, 0, 'slots ends with 0');
like($slots->{stdout}, qr/^slot +type +used by +WAL +keeps +safe for +full in$/m, 'with headings');
like($slots->{stdout}, qr/^s1 +physical +s1 at \S+ +reserved +\d/m, 'the slot of the standby');
like($slots->{stdout}, qr/^other +physical +nobody\b/m, 'and one that nobody uses');
my $json = decode_json(run_tool([ 'slots', @connection, '--format', 'json' ], %login)->{stdout});
is(join(' ', map { $_->{slot_name} } @{ $json->{slots} }), 'logical other s1', 'in JSON, too');

# --- what is refused -----------------------------------------------------------------------------------------------------
my $connected = run_tool([ 'drop', 's1', @connection ], %login);
is($connected->{status}, 4, 'a connected standby is not dropped');
like($connected->{stderr}, qr/the standby "s1" is connected.*HINT:   Stop its server first/s, 'and it says so');
my $logical = run_tool([ 'drop', 'logical', @connection ], %login);
is($logical->{status}, 4, 'a logical slot is not dropped');
like($logical->{stderr}, qr/"logical" is not a physical slot/, 'and it says so');
is(run_tool([ 'drop', @connection ], %login)->{status}, 2, 'a name is needed');
is(run_tool([ 'drop', "a\nb", @connection ], %login)->{status}, 2, 'and one that can be a name');
my $unknown = run_tool([ 'drop', "it's", @connection ], %login);
is($unknown->{status}, 0, 'a standby of which nothing is left');
like($unknown->{stdout}, qr/^Nothing is left of a standby "it's"\.$/, 'is as good as dropped');

# --- the role in use by another --------------------------------------------------------------------------------------------
stop_server($directory, 'fast');
$primary->psql_ok("ALTER ROLE replicator_s1 PASSWORD 'known'");
mkdir $primary->base . '/received';
my $receiver;
{
	local $ENV{PGPASSWORD} = 'known';
	my ($out, $err) = ('', '');
	$receiver = IPC::Run::start([ 'pg_receivewal', '-w', '-h', $primary->host, '-p', $primary->port, '-U', 'replicator_s1', '-D', $primary->base . '/received' ],
		'>', \$out, '2>', \$err);
}
ok(poll_until(sub { $primary->psql("SELECT count(*) FROM pg_stat_replication WHERE usename = 'replicator_s1'") eq '1' }), 'another uses the role');
my $shared = run_tool([ 'drop', 's1', @connection, '--dry-run' ], %login);
like($shared->{stderr}, qr/warning: the role "replicator_s1" and its lines in pg_hba\.conf stay/, 'the role would stay');
unlike($shared->{stdout}, qr/role|pg_hba/, 'and is not in the plan');
$receiver->kill_kill;
ok(poll_until(sub { $primary->psql('SELECT count(*) FROM pg_stat_replication') eq '0' }), 'it ends');

# --- by a role that may drop slots only ---------------------------------------------------------------------------------------
$primary->psql_ok("CREATE ROLE deployer LOGIN REPLICATION PASSWORD 'd' IN ROLE pg_monitor; GRANT EXECUTE ON FUNCTION replica.drop_slot(text) TO deployer");
my @deployer = @connection;
$deployer[5] = 'deployer';
my $limited = run_tool([ 'drop', 'other', @deployer ], passfile => write_passfile($primary->base . '/deployer', [ '*', '*', '*', 'deployer', 'd' ]));
is($limited->{status}, 0, 'a role with REPLICATION drops a slot');
like($limited->{stderr}, qr/warning: this role may not read pg_hba\.conf/, 'and hears what it cannot see');
is($primary->psql("SELECT string_agg(slot_name, ' ' ORDER BY slot_name) FROM pg_replication_slots"), 'logical s1', 'only that one is gone');

# --- all of it ----------------------------------------------------------------------------------------------------------------
$primary->psql_ok("ALTER SYSTEM SET synchronous_standby_names = 'S1'");
$primary->psql_ok('SELECT pg_reload_conf()');
my $before = server_state($primary);
my $plan = run_tool([ 'drop', 's1', @connection, '--dry-run' ], %login);
is($plan->{status}, 0, '--dry-run ends with 0');
like($plan->{stdout}, qr/Drop the replication slot "s1", which keeps .* of WAL\n.*Take the line out of pg_hba\.conf that admits "replicator_s1" from \S+\n.*Drop the replication role "replicator_s1".*\n.*Forget the standby's marker\n\z/,
	'and prints the plan');
like($plan->{stderr}, qr/warning: synchronous_standby_names lists "s1": commits may wait for it/, 'with what else waits for it');
is(server_state($primary), $before, 'and changes nothing');
my $lines = () = slurp($primary->data_dir . '/pg_hba.conf') =~ /replicator_s1/g;
is($lines, 1, 'one line admits the role');
my $dropped = run_tool([ 'drop', 's1', @connection ], %login, timeout => 30);
is($dropped->{status}, 0, 'drop ends with 0') or diag($dropped->{stderr});
is($primary->psql("SELECT string_agg(slot_name, ' ') FROM pg_replication_slots"), 'logical', 'the slot is gone');
is($primary->psql("SELECT count(*) FROM pg_roles WHERE rolname = 'replicator_s1'"), '0', 'the role is gone');
unlike(slurp($primary->data_dir . '/pg_hba.conf'), qr/replicator_s1/, 'its line is gone');
is($primary->psql('SELECT count(*) FROM replica.marker'), '0', 'the marker is gone');
like(run_tool([ 'drop', 's1', @connection ], %login)->{stdout}, qr/^Nothing is left/, 'a second run has nothing to do');

done_testing();
