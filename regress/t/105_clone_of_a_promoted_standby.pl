# A server that was itself made by clone, and promoted since, is cloned like any other: nothing of its own life as a
# standby (passfile, signal, log) travels.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use Test::More;

my $primary = stock_primary('primary');
my @as_admin = (passfile => $primary->passfile);
my ($first, $second) = map { $primary->base . "/$_" } qw(first second);
my ($first_port, $second_port) = (free_port(), free_port());

sub clone_from
{
	my ($port, $directory, $own_port, $name) = @_;
	return run_tool([ 'clone', '--prepare', '-w', '-h', '127.0.0.1', '-p', $port, '-U', 'postgres', '-d', 'postgres',
			'-D', $directory, '--port', $own_port, '--name', $name ], @as_admin);
}

sub stop_server
{
	my ($directory) = @_;
	my $pid = (split /\n/, slurp("$directory/postmaster.pid"))[0];
	kill 'QUIT', $pid;
	return poll_until(sub { !kill 0, $pid }, 20);
}

my $result = clone_from($primary->port, $first, $first_port, 'first');
is($result->{status}, 0, 'a standby is made') or BAIL_OUT($result->{output});
my $first_passfile = slurp("$first/pg_replica.passfile");
is(psql_value('127.0.0.1', $first_port, 'postgres', $primary->passfile, 'SELECT pg_promote()'), 't', 'and promoted');

$result = clone_from($first_port, $second, $second_port, 'second');
is($result->{status}, 0, 'the promoted server is cloned') or diag($result->{output});
isnt(slurp("$second/pg_replica.passfile"), $first_passfile, 'with a passfile of its own');
unlike(slurp("$second/pg_replica.passfile"), qr/replicator_first/, 'that holds nobody else\'s password');
is(psql_value('127.0.0.1', $second_port, 'postgres', $primary->passfile, 'SELECT status FROM pg_stat_wal_receiver'),
	'streaming', 'the clone streams');

ok(stop_server($_), "$_ is stopped") for $second, $first;
done_testing();
