# However far a refresh has come when it gets kill -9: no server starts on what is left until it is whole, and the same command
# then completes it.
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

is(run_tool(clone_arguments($primary, $directory, $port, 'standby1', '--prepare'), @as_admin)->{status}, 0, 'a standby is made');
stop_server($directory, 'fast');
lose_wal($primary, 'standby1');

# --- before pg_control is put aside nothing has been changed, and the directory starts as it was

change_some($primary);
killed_at($primary, $directory, 'Begin a backup');
ok(-e "$directory/global/pg_control", 'before the first change: pg_control is in its place');
is(start_standby($directory), 0, 'before the first change: the old standby still starts');
stop_server($directory, 'fast');

# --- from then on

for my $sentence ('Remove what', 'Compare every block', 'End the backup', 'Make the directory a standby')
{
	# the last of them takes a moment only, and the kill may come behind it
	for (1 .. 5)
	{
		change_some($primary);
		killed_at($primary, $directory, $sentence, arguments => [ '-j', 1 ]);
		last if !-e "$directory/global/pg_control";
		poll_until(sub { -e "$directory/postmaster.pid" && slurp("$directory/postmaster.pid") =~ /^(ready|standby)/m }, 5);
		stop_server($directory, 'fast');
	}
	is_refused($primary, $directory, "killed at \"$sentence\"");
}

# in the middle of the blocks: the primary's process stands still while the tool is ended
change_some($primary);
my $frozen;
killed_at($primary, $directory, 'Compare every block', arguments => [ '-j', 1 ], before => sub {
	poll_until(sub { $frozen = $primary->psql(q{SELECT pid FROM pg_stat_activity WHERE query LIKE '%refresh_diff($1)%' AND pid <> pg_backend_pid()}) }, 10);
	kill 'STOP', $frozen if $frozen;
});
ok($frozen, 'killed among the blocks: while one was asked for');
kill 'CONT', $frozen if $frozen;
is_refused($primary, $directory, 'killed among the blocks');

# what a second tool sees meanwhile, and a server that is started by hand
my $again = run_tool(refresh_arguments($primary, $directory), @as_admin);
is($again->{status}, 0, 'the same command completes it') or diag($again->{output});
is_the_same($primary, $directory, $port, 'after kills');

# --- pg_control is in place, the mark is not removed yet

change_some($primary);
killed_at($primary, $directory, 'Start the standby');
ok(-e "$directory/pg_replica.refresh", 'killed at the start: the mark is there');
# the server outlives the tool, if it was begun at all: stopped before it stands, it would come up behind our back
poll_until(sub { -e "$directory/postmaster.pid" && slurp("$directory/postmaster.pid") =~ /^(ready|standby)/m }, 10);
stop_server($directory, 'fast');
$again = run_tool(refresh_arguments($primary, $directory), @as_admin);
is($again->{status}, 0, 'killed at the start: the same command completes it') or diag($again->{output});
ok(!-e "$directory/pg_replica.refresh", 'killed at the start: the mark is gone');
is($primary->psql('SELECT count(*) FROM pg_replication_slots'), '1', 'one slot is left');
is_the_same($primary, $directory, $port, 'killed at the start');

# --- a signal before the first change leaves everything as it was

my $before = tree_of($directory);
my $pid = start_tool(refresh_arguments($primary, $directory), @as_admin, output => $primary->base . '/stopped.output');
poll_until(sub { -e "$directory/postmaster.pid" }, 60);
kill 'INT', $pid;
waitpid($pid, 0);
if (!-e "$directory/pg_replica.refresh")
{
	is($? >> 8, 8, 'a signal in time: exit status 8');
	is(tree_of($directory), $before, 'a signal in time: the directory is as it was');
}
else
{
	is($? >> 8, 6, 'a signal too late: exit status 6');
	like(slurp($primary->base . '/stopped.output'), qr/run the same command again/, 'a signal too late: what is to be done is said');
}
$again = run_tool(refresh_arguments($primary, $directory), @as_admin);
is($again->{status}, 0, 'after a signal: the same command completes it') or diag($again->{output});

done_testing();
