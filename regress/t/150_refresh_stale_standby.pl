# A stopped data directory becomes a proven standby again by refresh, which fetches only what differs: a stale standby whose
# WAL is gone, one that was stopped without a checkpoint, and an old primary that went its own way. Each result is held
# against the primary: dumps at a quiesced point, amcheck on the standby, pg_checksums on its files.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use RefreshTest;
use Test::More;

my $primary = refresh_primary();
my $port = free_port();
my $directory = new_standby_directory($primary);
my @as_admin = (passfile => $primary->passfile);
sub on_standby { return psql_value('127.0.0.1', $port, 'postgres', $primary->passfile, @_) }

my $clone = run_tool(clone_arguments($primary, $directory, $port, 'standby1', '--prepare'), @as_admin);
is($clone->{status}, 0, 'a standby is made') or BAIL_OUT($clone->{output});

my $running = run_tool(refresh_arguments($primary, $directory), @as_admin);
is($running->{status}, 0, 'a standby that runs and streams is left alone');
like($running->{output}, qr/there already and runs/, 'and the tool says so');

# --- stale: its slot is dropped and the WAL that it needs is gone

stop_server($directory, 'fast');
lose_wal($primary, 'standby1');
change_some($primary);

my $before = tree_of($directory);
my $state = server_state($primary);
my $dry = run_tool(refresh_arguments($primary, $directory, '--dry-run'), @as_admin);
is($dry->{status}, 0, '--dry-run succeeds');
like($dry->{stdout}, qr/[0-9.]+ MB of [0-9.]+ MB differ now \([0-9.]+ %\)/, '--dry-run says how much would be fetched');
like($dry->{stdout}, qr/Put pg_control aside/, '--dry-run prints the plan');
is(tree_of($directory), $before, '--dry-run changes nothing in the directory');
is(server_state($primary), $state, '--dry-run changes nothing on the primary');

my $kept = slurp("$directory/postgresql.conf") . slurp("$directory/pg_hba.conf");
my $refresh = run_tool(refresh_arguments($primary, $directory, '-j', 1), @as_admin);
is($refresh->{status}, 0, 'stale: refreshed, started and proven') or BAIL_OUT($refresh->{output});
like($refresh->{stdout}, qr/Standby "standby1" replicates/, 'stale: the result names the standby, by its own configuration');
my ($share) = $refresh->{output} =~ /came here \(([0-9.]+) %\)/;
cmp_ok($share, '<', 50, "stale: less than half was fetched ($share %)");
is(on_standby('SELECT pg_is_in_recovery()'), 't', 'stale: it is in recovery, on the port of its own configuration');
is($primary->psql(q{SELECT active FROM pg_replication_slots WHERE slot_name = 'standby1'}), 't', 'stale: its slot is there again');
is(slurp("$directory/postgresql.conf") . slurp("$directory/pg_hba.conf"), $kept, 'stale: its own configuration is as it was');
ok(!-e "$directory/pg_replica.refresh" && !-e "$directory/pg_replica.pg_control", 'stale: no mark is left');
is_the_same($primary, $directory, $port, 'stale');

# --- stopped without a checkpoint, two connections (the default)

is(start_standby($directory), 0, 'the standby starts with pg_ctl');
change_some($primary);
stop_server($directory, 'immediate');
change_some($primary);
$refresh = run_tool(refresh_arguments($primary, $directory), @as_admin);
is($refresh->{status}, 0, 'immediate: refreshed, started and proven') or diag($refresh->{output});
is_the_same($primary, $directory, $port, 'immediate');

# --- an old primary that went its own way: promoted, written to, changed in its tables and files

is(start_standby($directory), 0, 'the standby starts with pg_ctl');
is(run_program([ bindir() . '/pg_ctl', '-w', '-D', $directory, 'promote' ])->{status}, 0, 'the standby is promoted');
go_own_way(\&on_standby);
change_some($primary);
stop_server($directory, 'fast');
$refresh = run_tool(refresh_arguments($primary, $directory), @as_admin);
is($refresh->{status}, 0, 'diverged: refreshed, started and proven') or diag($refresh->{output});
is(on_standby(q{SELECT count(*) FROM pg_class WHERE relname = 'only_here'}), '0', 'diverged: what was only here is gone');
is_the_same($primary, $directory, $port, 'diverged');

# --- the control of these proofs: one stale block must not go unnoticed

is(start_standby($directory), 0, 'the standby starts with pg_ctl');
ok(stale_block_is_noticed($primary, $directory, $port), 'a stale block put back is noticed by the comparison of dumps');

done_testing();
