# The main job with plain directories: a stock primary, one command, a proven streaming replica; no file edited by hand.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use Test::More;

my $primary = stock_primary('primary');
my $directory = new_standby_directory($primary);
my $port = free_port();
my @as_admin = (passfile => $primary->passfile);
sub on_standby { return psql_value('127.0.0.1', $port, 'postgres', $primary->passfile, @_) }

my $hba_before = slurp($primary->data_dir . '/pg_hba.conf');
my $before = server_state($primary);
my $dry = run_tool(clone_arguments($primary, $directory, $port, 'standby1', '--prepare', '--dry-run'), @as_admin);
is($dry->{status}, 0, '--dry-run succeeds');
like($dry->{stdout}, qr/slot "standby1"/, '--dry-run prints the plan');
is(server_state($primary), $before, '--dry-run changes nothing on the primary');
is(tree_of($directory), 'missing', '--dry-run makes no directory');

my $clone = run_tool(clone_arguments($primary, $directory, $port, 'standby1', '--prepare'), @as_admin);
is($clone->{status}, 0, 'one command makes the standby') or BAIL_OUT("clone does not work: $clone->{output}");
like($clone->{stdout}, qr/standby1/, 'the result names the standby');

is(on_standby('SELECT pg_is_in_recovery()'), 't', 'the new server is in recovery');
is($primary->psql(q{SELECT state FROM pg_stat_replication WHERE application_name = 'standby1'}), 'streaming',
	'the primary shows it streaming under its name');
is($primary->psql(q{SELECT active, wal_status FROM pg_replication_slots WHERE slot_name = 'standby1'}), 't|reserved',
	'it holds a slot of its name');
is(on_standby('SELECT slot_name, status FROM pg_stat_wal_receiver'), 'standby1|streaming', 'the standby says the same');
is(on_standby('SHOW recovery_target_timeline'), 'latest', 'it follows a new timeline');
unlike(on_standby('SHOW primary_conninfo'), qr/password\s*=/, 'its primary_conninfo holds no password');
is(sprintf('%04o', (stat "$directory/pg_replica.passfile")[2] & 07777), '0600', 'its passfile is for its owner only');
ok(!-e "$directory/pg_replica.unfinished" && !-e "$directory/pg_replica.partial", 'nothing of the work is left in the directory');
ok(-e "$directory/backup_manifest", 'the backup manifest is there');
ok(!-e $primary->data_dir . '/standby.signal', 'the primary got no signal file');

ok(defined $primary->psql(q{
	CREATE TABLE customers (firstname text, customer_id serial, date_created timestamp);
	INSERT INTO customers (firstname, date_created) VALUES ('Anna', now())}), 'the table customers is made on the primary');
ok(poll_until(sub { (on_standby(q{SELECT count(*) FROM pg_tables WHERE tablename = 'customers'}) || 0) == 1 }),
	'the table customers is seen on the replica');
is(on_standby('SELECT firstname, customer_id FROM customers'), 'Anna|1', 'and so is its row');
ok(!defined on_standby(q{INSERT INTO customers (firstname) VALUES ('Bert')}), 'the replica takes no write');

# a second run of the same command finds the standby, proves it, and leaves all as it is
$before = server_state($primary);
my $again = run_tool(clone_arguments($primary, $directory, $port, 'standby1', '--prepare'), @as_admin);
is($again->{status}, 0, 'the same command again succeeds');
is(server_state($primary), $before, 'it changes nothing on the primary');
is(on_standby('SELECT status FROM pg_stat_wal_receiver'), 'streaming', 'the standby streams on');

# a second standby of the same primary
my $directory2 = new_standby_directory($primary, 'standby2');
my $port2 = free_port();
my $clone2 = run_tool(clone_arguments($primary, $directory2, $port2, 'standby2', '--prepare'), @as_admin);
is($clone2->{status}, 0, 'a second standby is made the same way');
is($primary->psql(q{SELECT string_agg(application_name, ' ' ORDER BY application_name) FROM pg_stat_replication}),
	'standby1 standby2', 'both stream');

# both survive a restart of the primary, and of themselves
$primary->restart;
ok(poll_until(sub { ($primary->psql(q{SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'}) || 0) == 2 }, 60),
	'both stream again after a restart of the primary');
stop_server($directory, 'fast');
is(system('pg_ctl', '-s', '-w', '-D', $directory, '-l', "$directory/server.log", 'start'), 0, 'the standby starts with pg_ctl');
ok(poll_until(sub { (on_standby('SELECT status FROM pg_stat_wal_receiver') || '') eq 'streaming' }, 60), 'and streams again');

my $verify = run_tool([ 'verify', $primary->connection, '--name', 'standby1', '--standby-port', $port ], @as_admin);
is($verify->{status}, 0, 'verify proves it once more');
my $status = run_tool([ 'status', $primary->connection ], @as_admin);
is($status->{status}, 0, 'status succeeds');
like($status->{stdout}, qr/standby1/, 'status shows the standby');

done_testing();
