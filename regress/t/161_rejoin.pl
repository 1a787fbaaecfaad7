# What follows on the walk-through: the primary is lost, its standby is promoted, the old primary rejoins, another standby is
# made; the table customers is everywhere. Then the old and the new primary change places, at once, several times: after a clean stop,
# after a crash by comparing, after a crash by pg_rewind.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use Test::More;

my $rounds = $ENV{PG_REPLICA_ROUNDS} || 3;
my $primary = stock_primary('primary', config => "wal_log_hints = on\nwal_keep_size = 256MB\n");
my @as_admin = (passfile => $primary->passfile);
my %port = (one => $primary->port, two => free_port(), three => free_port());
my %directory = (one => $primary->data_dir, map { $_ => new_standby_directory($primary, $_) } qw(two three));
stop_at_end($directory{one});

sub on { my ($name, $sql) = @_; return psql_value('127.0.0.1', $port{$name}, 'postgres', $primary->passfile, $sql) }
sub login { return ('-w', '-h', '127.0.0.1', '-p', $port{ $_[0] }, '-U', 'postgres', '-d', 'postgres') }
sub clone { my ($from, $name) = @_; return run_tool([ 'clone', '--prepare', login($from), '-D', $directory{$name}, '--port', $port{$name}, '--name', $name, '--bindir', bindir() ], @as_admin) }
sub promote { return run_tool([ 'promote', '-w', '-D', $directory{ $_[0] }, '-U', 'postgres' ], @as_admin) }
sub rejoin { my ($from, $name, @more) = @_; return run_tool([ 'rejoin', '--prepare', login($from), '-D', $directory{$name}, '--name', $name, '--bindir', bindir(), @more ], @as_admin) }
sub names { my ($name) = @_; return on($name, 'SELECT string_agg(firstname, \',\' ORDER BY firstname) FROM customers') }
sub same_everywhere { my ($wanted, $what, @names) = @_; ok(poll_until(sub { (names($_) // '') eq $wanted }, 20), "$what: $_ has all customers") or diag(names($_)) for @names }

is(clone('one', 'two')->{status}, 0, 'a standby is made') or BAIL_OUT('clone does not work');
$primary->psql_ok('CREATE TABLE customers (firstname text)');
$primary->psql_ok(q{INSERT INTO customers VALUES ('Ada')});
$primary->psql_ok(q{SELECT pg_create_physical_replication_slot('forgotten')});
same_everywhere('Ada', 'before', 'two');

# --- the primary crashes with a commit that the standby never got

my ($receiver) = grep { defined } on('two', 'SELECT pid FROM pg_stat_wal_receiver');
kill 'STOP', $receiver;
$primary->psql_ok(q{INSERT INTO customers VALUES ('Lost')});
my $own_conf = slurp("$directory{one}/postgresql.conf");
my $own_hba = slurp("$directory{one}/pg_hba.conf");
$primary->stop('immediate');
kill $_, $receiver for qw(TERM CONT);    # what waits in its socket is not read any more
is(promote('two')->{status}, 0, 'its standby is promoted');
on('two', q{INSERT INTO customers VALUES ('Grace')});

my $result = rejoin('two', 'one', '--dry-run');
is($result->{status}, 0, '--dry-run says the way') or diag($result->{output});
like($result->{stderr}, qr/What differs has to be fetched: it wrote beyond the fork of timeline 1/, 'which is a comparison for so small a cluster');
like($result->{stderr}, qr/what it alone has written is given up/, 'and what that costs');
like($result->{stdout}, qr/differ now.*Nothing was changed/s, 'and how much would be fetched');
$result = rejoin('two', 'one', '--dry-run', '--way', 'rewind');
is($result->{status}, 0, '--dry-run says the way that is asked for') or diag($result->{output});
like($result->{stderr}, qr/has to be rewound: it wrote beyond the fork of timeline 1/, 'which is pg_rewind here');
like($result->{stdout}, qr/standby's directory.*slot.*checkpoint.*Move.*clean end.*Try pg_rewind.*Rewind.*Start/s, 'and prints the plan');
ok(!-e "$directory{one}/standby.signal", 'and changes nothing');

$result = rejoin('two', 'one', '--way', 'rewind');
is($result->{status}, 0, 'the old primary rejoins') or diag($result->{output});
is(on('one', 'SELECT pg_is_in_recovery()'), 't', 'as a standby');
is(on('one', 'SHOW port'), $port{one}, 'on its own port');
is(slurp("$directory{one}/postgresql.conf"), $own_conf, 'with its own postgresql.conf');
is(slurp("$directory{one}/pg_hba.conf"), $own_hba, 'and its own pg_hba.conf');
ok(!grep({ -e "$directory{one}/$_" } qw(pg_replica.partial pg_replica.rejoin pg_replica.rewind_passfile)), 'nothing of the way is left');
is(on('two', q{SELECT slot_name || active FROM pg_replication_slots}), 'onetrue', 'over a slot of its own');
same_everywhere('Ada,Grace', 'after the rewind', qw(one two));

$result = rejoin('two', 'one');
is($result->{status}, 0, 'a second time there is nothing to do');
like($result->{stderr}, qr/nothing to do/, 'and it says so');

is(clone('two', 'three')->{status}, 0, 'another standby is made of the new primary');
same_everywhere('Ada,Grace', 'in the end', qw(one two three));
stop_server($directory{three}, 'fast');

# A standby that stops before its next restartpoint: its last checkpoint is on the timeline that its replay has left. What is
# flushed when the dropped table's files are removed sets its minimum recovery point, on the new one.
sub rejoin_before_a_restartpoint
{
	my ($from, $name) = @_;
	on($from, $_) for 'CREATE TABLE passing (n int)', 'DROP TABLE passing';
	my $position = on($from, 'SELECT pg_current_wal_lsn()');
	ok(poll_until(sub { (on($name, "SELECT pg_last_wal_replay_lsn() >= '$position'") // '') eq 't' }, 20), 'the new timeline is replayed');
	stop_server($directory{$name}, 'immediate');
	my $control = run_program([ bindir() . '/pg_controldata', '-D', $directory{$name} ])->{stdout};
	my ($checkpoint) = $control =~ /^Latest checkpoint's TimeLineID: +(\d+)/m;
	my ($minimum) = $control =~ /^Min recovery ending loc's timeline: +(\d+)/m;
	cmp_ok($minimum, '>', $checkpoint, 'and the last checkpoint is on the old one');
	my $again = rejoin($from, $name);
	is($again->{status}, 0, 'it rejoins') or diag($again->{output});
	like($again->{stderr}, qr/can follow as it is: it is a standby on timeline $minimum/, 'as it is, without a rewind');
	return;
}

# --- at once after a promotion, to and fro; the old primary was stopped cleanly, or crashed and wrote beyond the fork

my ($old, $new) = ('two', 'one');
for my $round (1 .. $rounds)
{
	my $crash = $round % 3 != 1;
	my $way = $round % 3 ? 'auto' : 'rewind';
	my $pid = $crash ? on($new, 'SELECT pid FROM pg_stat_wal_receiver') : undef;
	kill 'STOP', $pid if $pid;
	on($old, q{INSERT INTO customers VALUES ('Lost')}) if $crash;
	stop_server($directory{$old}, $crash ? 'immediate' : 'fast');
	kill $_, $pid for $pid ? qw(TERM CONT) : ();
	is(promote($new)->{status}, 0, "round $round: $new is promoted");
	$result = rejoin($new, $old, '--way', $way);
	is($result->{status}, 0, "round $round: $old rejoins at once") or diag($result->{output});
	my $right = !$crash ? qr/can follow as it is/ : $way eq 'rewind' ? qr/has to be rewound/ : qr/What differs has to be fetched/;
	like($result->{stderr}, $right, "round $round: the right way");
	cmp_ok($result->{seconds}, '<=', 60, "round $round: in $result->{seconds} s");
	rejoin_before_a_restartpoint($new, $old) if $round == 1;
	on($new, "INSERT INTO customers VALUES ('Round$round')");
	same_everywhere(join(',', 'Ada', 'Grace', sort map { "Round$_" } 1 .. $round), "round $round", 'one', 'two');
	($old, $new) = ($new, $old);
}

done_testing();
