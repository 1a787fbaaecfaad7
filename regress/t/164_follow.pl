# A standby is pointed to another upstream: into a cascade of three, whose middle is then promoted, and from one server to
# another; where it cannot go on it stays where it is.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use Test::More;

my $primary = stock_primary('primary', config => "wal_keep_size = 256MB\n");
my @as_admin = (passfile => $primary->passfile);
my %port = (primary => $primary->port, middle => free_port(), last => free_port());
my %directory = map { $_ => new_standby_directory($primary, $_) } qw(middle last);

sub on { my ($name, $sql) = @_; return psql_value('127.0.0.1', $port{$name}, 'postgres', $primary->passfile, $sql) }
sub login { return ('-w', '-h', '127.0.0.1', '-p', $_[0], '-U', 'postgres', '-d', 'postgres') }
sub follow { my ($name, $port, @more) = @_; return run_tool([ 'follow', login($port), '-D', $directory{$name}, @more ], @as_admin) }
sub sender { return on($_[0], 'SELECT sender_port FROM pg_stat_wal_receiver') }

# the last one first: its role is then admitted by the copy that the middle one gets
for my $name (qw(last middle))
{
	my $clone = run_tool(clone_arguments($primary, $directory{$name}, $port{$name}, $name, '--prepare'), @as_admin);
	is($clone->{status}, 0, "the standby $name is made") or BAIL_OUT($clone->{output});
}

my $result = follow('last', $port{middle}, '--dry-run');
is($result->{status}, 0, '--dry-run succeeds');
like($result->{stdout}, qr/Log in.*slot "last".*primary_conninfo.*streaming/s, 'and prints the plan');
is(sender('last'), $port{primary}, 'and changes nothing');

$result = follow('last', $port{middle});
is($result->{status}, 0, 'the standby is pointed to the middle one') or diag($result->{output});
is(sender('last'), $port{middle}, 'and streams from it');
is(on('middle', 'SELECT slot_name FROM pg_replication_slots WHERE active'), 'last', 'over a slot there');
like($result->{stdout}, qr/drop_slot\('last'\)/, 'the old slot is named');

$primary->stop('fast');
is(run_tool([ 'promote', '-w', '-D', $directory{middle}, '-U', 'postgres' ], @as_admin)->{status}, 0, 'the middle one is promoted');
on('middle', 'CREATE TABLE customers AS SELECT 1 AS customer_id');
ok(poll_until(sub { (on('last', 'SELECT count(*) FROM customers') // '') eq '1' }, 30), 'the last one goes on with it');
is(sender('last'), $port{middle}, 'from where it was');

# --- where it cannot go on

$primary->start;
$result = follow('last', $port{primary});
is($result->{status}, 4, 'a server on an older timeline is no upstream');
like($result->{stderr}, qr/on timeline 1, which the standby has left/, 'and it says so');
my $stranger = stock_primary('stranger', extension => 1);
$result = run_tool([ 'follow', '-w', $stranger->connection, '-D', $directory{last} ], passfile => $stranger->passfile);
isnt($result->{status}, 0, 'another cluster is no upstream');
is(sender('last'), $port{middle}, 'the standby stays where it is');
is(follow('last', $port{middle})->{status}, 0, 'to where it is already, it can be pointed again');

done_testing();
