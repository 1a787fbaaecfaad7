# A standby can be the source of a refresh: a directory is brought up to date from it and follows it, while rows, tables and
# databases come and go on the primary; nobody gets that without having asked for it. A source that is promoted midway ends it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use RefreshTest;
use Test::More;

my $primary = refresh_primary();
my ($first, $second) = map { new_standby_directory($primary, $_) } qw(first second);
my ($first_port, $second_port) = (free_port(), free_port());
my @as_admin = (passfile => $primary->passfile);
is(run_tool(clone_arguments($primary, $first, $first_port, 'first', '--prepare'), @as_admin)->{status}, 0, 'a standby is made');

my $role_passfile = $primary->base . '/cascade.pass';
is(run_tool([ 'prepare', $primary->connection, '--replication-user', 'cascade', '--standby-address', '127.0.0.1', '--passfile', $role_passfile ],
		@as_admin)->{status}, 0, 'and a role for the next one');
my ($password) = slurp($role_passfile) =~ /:([A-Za-z0-9]+)$/m;
my $passfile = write_passfile($primary->base . '/both', [ '*', '*', '*', 'cascade', $password ], [ '*', '*', '*', 'postgres', $primary->password ]);
@as_admin = (passfile => $passfile);
my @source = ('-w', '-h', '127.0.0.1', '-p', $first_port, '-U', 'postgres', '-d', 'postgres');

sub on { return psql_value('127.0.0.1', $_[0], 'postgres', $passfile, $_[1]) }
sub refresh { return [ 'refresh', @source, '-D', $second, '--bindir', bindir(), @_ ] }

ok(poll_until(sub { (on($first_port, q{SELECT count(*) FROM pg_roles WHERE rolname = 'cascade'}) || 0) == 1 }), 'the standby knows it');
my $made = run_tool([ 'clone', @source, '-D', $second, '--port', $second_port, '--name', 'second', '--bindir', bindir(), '--from-standby',
		'--replication-user', 'cascade' ], @as_admin);
is($made->{status}, 0, 'a standby of the standby is made') or BAIL_OUT($made->{output});

# its WAL is gone from the source: only a copy or a refresh helps
sub fall_behind
{
	stop_server($second, $_[0]);
	poll_until(sub { (on($first_port, 'SELECT active FROM pg_replication_slots') || '') ne 't' }, 20);
	on($first_port, q{SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots});
	change_some($primary);
	$primary->psql_ok('SELECT pg_switch_wal()');
	$primary->psql_ok('CHECKPOINT');
	caught_up($primary, $first_port);
	on($first_port, 'CHECKPOINT');
	return;
}

fall_behind('fast');
my $before = tree_of($second);
my $refused = run_tool(refresh(), @as_admin);
is($refused->{status}, 4, 'not asked for: refused');
like($refused->{output}, qr/the server is itself a standby.*--from-standby/s, 'not asked for: it says why');
is(tree_of($second), $before, 'not asked for: nothing is changed');

my $result = run_tool(refresh('--from-standby'), @as_admin);
is($result->{status}, 0, 'asked for, it is made') or diag($result->{output});
like($result->{stdout}, qr/a marker arrived in/, 'a marker that was written on the primary has arrived');
is(on($second_port, 'SELECT status, sender_port FROM pg_stat_wal_receiver'), "streaming|$first_port", 'it streams from the source');
is(on($first_port, 'SELECT slot_name, active FROM pg_replication_slots'), 'second|t', 'over a slot there');
is_the_same($primary, $second, $second_port, 'from a standby');

# --- under load, and stopped without a checkpoint

start_standby($second);
fall_behind('immediate');
my ($loaded, @load) = start_load($primary);
select(undef, undef, undef, 3);
$result = run_tool(refresh('--from-standby'), @as_admin);
is($result->{status}, 0, 'under load, it is made') or diag($result->{output});
select(undef, undef, undef, 2);
stop_load($loaded, @load);
is_the_same($primary, $second, $second_port, 'from a standby under load');

# --- the source is promoted midway

start_standby($second);
fall_behind('fast');
killed_midway();

sub killed_midway
{
	# the comparison stands still while a process of the source does
	my $output = $primary->base . '/promoted.output';
	my $pid = start_tool(refresh('--from-standby', '-j', 1), @as_admin, output => $output);
	my $frozen;
	poll_until(sub { $frozen = on($first_port, q{SELECT pid FROM pg_stat_activity WHERE query LIKE '%refresh_diff($1)%' AND pid <> pg_backend_pid()}) }, 60);
	kill 'STOP', $frozen if $frozen;
	ok($frozen, 'promoted midway: blocks were being compared');
	is(run_program([ bindir() . '/pg_ctl', '-w', '-D', $first, 'promote' ])->{status}, 0, 'promoted midway: the source is promoted');
	kill 'CONT', $frozen if $frozen;
	waitpid($pid, 0);
	is($? >> 8, 6, 'promoted midway: it fails, and something is left') or diag(slurp($output));
	like(slurp($output), qr/promoted/, 'promoted midway: it says why');
	ok(!-e "$second/global/pg_control", 'promoted midway: no server starts on what is left');
	return;
}

# what was a standby is a primary now, and the same directory may follow it
$result = run_tool(refresh(), @as_admin);
is($result->{status}, 0, 'promoted midway: a refresh from the new primary completes it') or diag($result->{output});
is(on($second_port, 'SELECT pg_is_in_recovery()'), 't', 'promoted midway: it is a standby');
stop_server($_, 'fast') for $second, $first;
done_testing();
