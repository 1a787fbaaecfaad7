# A standby can be the source: the new one follows it, and what is written on the primary arrives through both. Nobody gets
# that without having asked for it, and the primary itself is left as it is.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use Test::More;

my $primary = stock_primary('primary', extension => 1, config => "fsync = off\n");
my @as_admin = (passfile => $primary->passfile);
my ($first, $second) = map { new_standby_directory($primary, $_) } qw(first second);
my ($first_port, $second_port) = (free_port(), free_port());

my $made = run_tool(clone_arguments($primary, $first, $first_port, 'first', '--prepare'), @as_admin);
is($made->{status}, 0, 'a standby is made') or BAIL_OUT($made->{output});

my $new_passfile = $primary->base . '/cascade.pass';
my $prepared = run_tool([ 'prepare', $primary->connection, '--replication-user', 'cascade', '--standby-address', '127.0.0.1',
		'--passfile', $new_passfile ], @as_admin);
is($prepared->{status}, 0, 'a role for the next one is made on the primary');
# the password of the role, for every server of the chain
my ($password) = slurp($new_passfile) =~ /:([A-Za-z0-9]+)$/m;
my $passfile = write_passfile($primary->base . '/both', [ '*', '*', '*', 'cascade', $password ],
	[ '*', '*', '*', 'postgres', $primary->password ]);

sub on { return psql_value('127.0.0.1', $_[0], 'postgres', $passfile, $_[1]) }
ok(poll_until(sub { (on($first_port, q{SELECT count(*) FROM pg_roles WHERE rolname = 'cascade'}) || 0) == 1 }), 'and the standby knows it');

sub clone_from
{
	my ($port, @more) = @_;
	return run_tool([ 'clone', '-w', '-h', '127.0.0.1', '-p', $port, '-U', 'postgres', '-d', 'postgres', '-D', $second,
			'--port', $second_port, '--name', 'second', '--bindir', bindir(), @more ], passfile => $passfile);
}

sub refused
{
	my ($what, $status, $pattern, @command) = @_;
	my $state = server_state($primary);
	my $result = clone_from(@command);
	is($result->{status}, $status, "$what: exit status $status");
	like($result->{output}, $pattern, "$what: says why");
	is(tree_of($second), 'missing', "$what: nothing is made");
	is(server_state($primary), $state, "$what: the primary is as it was");
	is(on($first_port, 'SELECT count(*) FROM pg_replication_slots'), 0, "$what: no slot is on the source");
	return;
}

refused('not asked for', 4, qr/the server is itself a standby.*--from-standby/s, $first_port, '--replication-user', 'cascade');
refused('the source is a primary', 4, qr/the server is no standby, and --from-standby was given/, $primary->port,
	'--replication-user', 'cascade', '--from-standby');
refused('with --prepare', 2, qr/--prepare changes the primary/, $first_port, '--from-standby', '--prepare');
refused('without a role', 4, qr/the replication role "replicator_second" does not exist.*prepare make it on the primary/s,
	$first_port, '--from-standby');

my $state = server_state($primary);
my $result = clone_from($first_port, '--from-standby', '--replication-user', 'cascade');
is($result->{status}, 0, 'asked for, it is made') or diag($result->{output});
is(server_state($primary), $state, 'and the primary is as it was');
is(on($first_port, 'SELECT slot_name, active FROM pg_replication_slots'), 'second|t', 'its slot is on the source, and in use');
is(on($second_port, 'SELECT status, sender_port FROM pg_stat_wal_receiver'), "streaming|$first_port", 'it streams from the source');
is(scalar(my @lines = slurp("$second/postgresql.auto.conf") =~ /^primary_conninfo/mg), 1, 'primary_conninfo is there once');
unlike(slurp("$second/postgresql.auto.conf"), qr/replicator_first/, 'and has nothing of the source\'s own login');
isnt(slurp("$second/pg_replica.passfile"), slurp("$first/pg_replica.passfile"), 'nor has its passfile');

$primary->psql_ok('CREATE TABLE written AS SELECT 42 AS answer');
ok(poll_until(sub { (on($second_port, 'SELECT answer FROM written') || 0) == 42 }), 'what is written on the primary arrives');
like($result->{stdout}, qr/a marker arrived in/, 'as a marker has before');

my $again = clone_from($first_port, '--from-standby', '--replication-user', 'cascade');
is($again->{status}, 0, 'the same command again proves it again');
like($again->{output}, qr/The standby is there already/, 'and makes nothing');

# --- a source without a primary proves nothing

stop_server($second, 'fast');
run_program([ 'rm', '-rf', $second ]);
poll_until(sub { on($first_port, 'SELECT active FROM pg_replication_slots') eq 'f' });
on($first_port, q{SELECT pg_drop_replication_slot('second')});
$primary->stop('fast');
$result = clone_from($first_port, '--from-standby', '--replication-user', 'cascade');
is($result->{status}, 4, 'a source that receives from nobody is refused') or diag($result->{output});
like($result->{output}, qr/receives from no primary/, 'and it is said why');
is(tree_of($second), 'missing', 'nothing is made');

stop_server($first, 'fast');
done_testing();
