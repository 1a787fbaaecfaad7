# Where a former primary cannot come back as it is, rejoin says so before it changes anything; where it is interrupted, the
# directory never starts as a primary, and the next run goes on or names the way.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use Test::More;

my $primary = stock_primary('primary', initdb => ['--data-checksums']);
my @as_admin = (passfile => $primary->passfile);
my $port = free_port();
my $new = new_standby_directory($primary, 'new');
my $old = $primary->data_dir;
my $new_passfile = $primary->passfile;

sub on_new { return psql_value('127.0.0.1', $port, 'postgres', $new_passfile, $_[0]) }
sub arguments { return ('rejoin', '--prepare', '-w', '-h', '127.0.0.1', '-p', $port, '-U', 'postgres', '-d', 'postgres', '-D', $old, '--name', 'old', '--bindir', bindir(), @_) }
sub rejoin { return run_tool([ arguments(@_) ], @as_admin) }
sub state_of_old { return tree_of($old) }

my $clone = run_tool(clone_arguments($primary, $new, $port, 'new', '--prepare'), @as_admin);
is($clone->{status}, 0, 'a standby is made') or BAIL_OUT($clone->{output});
$primary->psql_ok('CREATE TABLE customers AS SELECT g, repeat(md5(g::text), 30) FROM generate_series(1, 30000) g');
$primary->psql_ok(q{SELECT pg_create_physical_replication_slot('foreign_slot', true)});

# --- what is refused

my $result = rejoin();
is($result->{status}, 4, 'while its server runs, a rejoin is refused');
like($result->{stderr}, qr/a server runs in/, 'and says so');

my $receiver = on_new('SELECT pid FROM pg_stat_wal_receiver');
kill 'STOP', $receiver;
$primary->psql_ok('CREATE TABLE own_only AS SELECT 1');
$primary->stop('immediate');
kill $_, $receiver for qw(TERM CONT);    # what waits in its socket is not read any more
my $promotion = run_tool([ 'promote', '-w', '-D', $new, '-U', 'postgres' ], @as_admin);
is($promotion->{status}, 0, 'the standby is promoted') or BAIL_OUT($promotion->{output});
# what pg_rewind needs of it, for all of the turns below
on_new(q{ALTER SYSTEM SET wal_keep_size = '512MB'});
on_new('SELECT pg_reload_conf()');

my $stranger = stock_primary('stranger', extension => 1);
my $before = state_of_old();
$result = run_tool([ 'rejoin', '-w', '--prepare', $stranger->connection, '-D', $old, '--name', 'old', '--bindir', bindir() ],
	passfile => $stranger->passfile);
is($result->{status}, 4, 'to another cluster, a rejoin is refused');
like($result->{stderr}, qr/belongs to another cluster/, 'and says so');
is(state_of_old(), $before, 'and changes nothing');

# --- the guard, before a service starts the old primary

sub guard { return run_tool([ 'guard', '-D', $_[0], '--bindir', bindir(), @_[1 .. $#_] ], @as_admin) }
my $peer = "host=127.0.0.1 port=$port user=postgres dbname=postgres";
$result = guard($old, '--peer', $peer);
is($result->{status}, 4, 'the guard keeps the old primary from its return');
like($result->{stderr}, qr/must not start as a primary.*timeline 2/s, 'and says why');
is(guard($old)->{status}, 0, 'without a peer it cannot know');
is(guard($old, '--strict')->{status}, 4, 'and says so with --strict');
is(guard($new, '--peer', 'host=127.0.0.1 port=1 user=x')->{status}, 0, 'the new primary may start: nobody answers');
ReplicaTest::write_passfile("$old/pg_replica.peers", [$peer]);
is(guard($old)->{status}, 4, 'peers may stand in a file');

# --- kill -9 of the tool, at any time

sub starts_as_primary
{
	my $start = run_program([ bindir() . '/pg_ctl', '-s', '-w', '-t', 20, '-D', $old, '-l', $primary->base . '/try.log', 'start' ]);
	my $is = psql_value('127.0.0.1', $primary->port, 'postgres', $primary->passfile, 'SELECT pg_is_in_recovery()');
	stop_server($old, 'immediate');
	return defined $is && $is eq 'f';
}

run_program([ 'cp', '-a', $old, "$old.saved" ]);
my $converged = 0;
for my $try (1 .. ($ENV{PG_REPLICA_KILLS} || 4))
{
	my @way = ('--way', $try % 2 ? 'rewind' : 'refresh');
	my $pid = start_tool([ arguments(@way) ], @as_admin, output => $primary->base . "/kill.output");
	select(undef, undef, undef, 0.2 + $try * 0.35);
	kill 'KILL', $pid;
	waitpid($pid, 0);
	poll_until(sub { !processes_naming("$old/pg_replica.partial") }, 10);
	my $fenced = -e "$old/standby.signal";
	ok(!$fenced || !starts_as_primary(), "kill $try: once begun, it never starts as a primary");
	stop_server($old, 'immediate');
	my $again = rejoin(@way);
	if ($again->{status} == 4 && $again->{stderr} =~ /HINT.*without --way rewind/s)
	{
		@way = ();
		$again = rejoin();
	}
	$converged++ if $again->{status} == 0;
	is($again->{status}, 0, "kill $try: the same command converges, without --way where it says so") or diag($again->{output});
	is(psql_value('127.0.0.1', $primary->port, 'postgres', $primary->passfile, q{SELECT to_regclass('own_only') IS NULL}), 't', "kill $try: what only it had is gone");
	stop_server($old, 'immediate');
	run_program([ 'rm', '-rf', $old ]);
	run_program([ 'cp', '-a', "$old.saved", $old ]);
	on_new(q{SELECT count(*) FROM (SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active) s});
}
note("after kill -9: $converged converged");

# with_pg_rewind(name, script) -> what rejoin says with this shell script in place of pg_rewind; old is put back before
sub with_pg_rewind
{
	my ($name, $script) = @_;
	run_program([ 'rm', '-rf', $old ]);
	run_program([ 'cp', '-a', "$old.saved", $old ]);
	my $wrapped = $primary->base . "/$name";
	run_program([ 'cp', '-as', bindir(), $wrapped ]);
	unlink "$wrapped/pg_rewind";
	my $real = bindir() . '/pg_rewind';
	PostgreSQL::Test::Utils::append_to_file("$wrapped/pg_rewind", "#!/bin/sh\nreal='$real' new='$new'\n$script");
	chmod 0755, "$wrapped/pg_rewind";
	return run_tool([ map { $_ eq bindir() ? $wrapped : $_ } arguments('--way', 'rewind') ], @as_admin);
}

# --- pg_rewind of older minor versions removes the WAL that the new primary does not have, and that replay begins with

$result = with_pg_rewind('removing', <<'EOF');
for word; do [ "$word" = --dry-run ] && exec "$real" "$@"; done
for word; do case $word in */pg_replica.partial) partial=$word;; esac; done
"$real" "$@" || exit
for file in "$partial"/pg_wal/????????????????????????; do [ -e "$new/pg_wal/${file##*/}" ] || rm "$file"; done
[ ! -e "$partial/pg_wal/000000010000000000000002" ]
EOF
is($result->{status}, 0, 'WAL that pg_rewind removes comes back') or diag($result->{output});
ok(!-e "$old/pg_replica.kept_wal", 'and is kept nowhere else');
stop_server($old, 'immediate');
on_new(q{SELECT count(*) FROM (SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active) s});

# --- a rewind that breaks off cannot be repeated: the directory says so and starts as nothing; what differs can be fetched

$result = with_pg_rewind('breaking', <<'EOF');
for word; do [ "$word" = --dry-run ] && exec "$real" "$@"; done
for word; do case $word in */pg_replica.partial) printf x >$word/base/1/PG_VERSION;; esac; done
exit 1
EOF
is($result->{status}, 6, 'a rewind that broke off leaves something, and names it');
like($result->{stderr}, qr/without --way rewind/, 'with the way');
ok(!starts_as_primary(), 'it does not start');
is(guard($old)->{status}, 4, 'the guard forbids it');
$result = rejoin('--way', 'rewind');
is($result->{status}, 4, 'another pg_rewind is refused');
like($result->{stderr}, qr/broke off.*without --way rewind/s, 'and the way is named');
$result = rejoin();
is($result->{status}, 0, 'which is right') or diag($result->{output});
is(psql_value('127.0.0.1', $primary->port, 'postgres', $primary->passfile, q{SELECT to_regclass('own_only') IS NULL}), 't', 'it is what the new primary is');
is(guard($old)->{status}, 0, 'and may start');
stop_server($old, 'immediate');
on_new(q{SELECT count(*) FROM (SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active) s});
run_program([ 'rm', '-rf', $old ]);
run_program([ 'cp', '-a', "$old.saved", $old ]);

# --- the slots of its time as the primary

$result = rejoin('--way', 'rewind');
is($result->{status}, 0, 'it rejoins by pg_rewind, with checksums') or diag($result->{output});
is(psql_value('127.0.0.1', $primary->port, 'postgres', $primary->passfile, q{SELECT count(*) FROM pg_replication_slots}), '0',
	'no slot of its time as the primary keeps WAL');
is(psql_value('127.0.0.1', $primary->port, 'postgres', $primary->passfile, q{SELECT to_regclass('own_only') IS NULL}), 't',
	'what only it had is gone');
is(guard($old)->{status}, 0, 'the guard lets a standby start');

done_testing();
