# What the server does not take back by itself is taken back when the statement that did it fails after all, in whatever way:
# lines of pg_hba.conf, settings, slots.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use POSIX ();
use ReplicaTest;
use Test::More;

my $primary = stock_primary('primary', extension => 1);
my $data = $primary->data_dir;
my $hba = "$data/pg_hba.conf";
my $auto = "$data/postgresql.auto.conf";
$primary->psql_ok("CREATE ROLE rep LOGIN REPLICATION PASSWORD 'rep'");
$primary->psql_ok("ALTER SYSTEM SET work_mem = '5MB'");
$primary->psql_ok("ALTER SYSTEM SET wal_keep_size = '32MB'");
$primary->psql_ok("ALTER SYSTEM SET maintenance_work_mem = '65MB'");
$primary->psql_ok('SELECT pg_reload_conf()');
$primary->psql_ok("SELECT * FROM replica.create_slot('kept')");
$primary->psql_ok("SELECT * FROM replica.allow_standby('rep', '192.0.2.1')");

# psql with more options; what it printed on both channels
sub run
{
	my ($sql, $options) = @_;
	return run_program([ 'psql', '-XAtqw', '-v', 'VERBOSITY=verbose', $primary->connection, '-c', $sql ],
		passfile => $primary->passfile, env => { PGOPTIONS => $options || '' })->{output};
}

sub state
{
	return join "\n", slurp($hba), slurp($auto),
		$primary->psql_ok('SELECT slot_name, temporary FROM pg_replication_slots ORDER BY 1'),
		$primary->psql_ok('SELECT name, before, set_to FROM replica.setting_history ORDER BY 1');
}

# The running server: what the files said once more after all that was written and put back.
sub running
{
	return $primary->psql_ok("SHOW wal_keep_size") . ' ' . $primary->psql_ok("SELECT count(*) FROM pg_hba_file_rules WHERE 'rep' = ANY (user_name)");
}

my %calls = (
	'allow_standby' => "replica.allow_standby('rep', '192.0.2.2')",
	'disallow_standby' => "replica.disallow_standby('rep', '192.0.2.1')",
	'set_settings' => "replica.set_settings(wal_keep_size => '64MB')",
	'create_slot' => "replica.create_slot('made')",
	'drop_slot' => "replica.drop_slot('kept')",
);
my %ways = (
	'a later part of the statement' => [ 'SELECT 1 / (count(*) - count(*)) FROM %s WHERE changed', qr/22012/ ],
	'a DO block' => [ q{DO $$ BEGIN PERFORM * FROM %s; RAISE EXCEPTION 'planned'; END $$}, qr/P0001: planned/ ],
	'a DO block that rolls back' => [ 'DO $$ BEGIN PERFORM * FROM %s; ROLLBACK; END $$', qr/^$/ ],
	'a block with EXCEPTION' => [ 'DO $$ BEGIN PERFORM * FROM %s; EXCEPTION WHEN division_by_zero THEN NULL; END $$', qr/25001/ ],
	'a deferred trigger' => [ 'WITH done AS (SELECT * FROM %s) INSERT INTO late SELECT count(*) FROM done', qr/23503/ ],
	'a statement_timeout' => [ 'SELECT pg_sleep(30) FROM %s', qr/57014/, '-c statement_timeout=2s' ],
	'a termination' => [ 'SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(30) FROM %s', qr/57P01/ ],
);
$primary->psql_ok('CREATE TABLE none (id bigint PRIMARY KEY); CREATE TABLE late (id bigint REFERENCES none DEFERRABLE INITIALLY DEFERRED)');

my ($state, $running) = (state(), running());
for my $call (sort keys %calls)
{
	for my $way (sort keys %ways)
	{
		my ($sql, $error, $options) = @{ $ways{$way} };
		like(run(sprintf($sql, $calls{$call}), $options), $error, "$call, ended by $way");
		ok(poll_until(sub { state() eq $state }, 3), "$call, ended by $way: everything is as it was")
			or diag(state());
		ok(poll_until(sub { running() eq $running }, 5), "$call, ended by $way: and the server goes by it") or diag(running());
	}
}

# --- a session of its own that cancels or ends others while they wait for the reload ---

# The postmaster stands still, so the reload is never confirmed; the connections are there before.
sub while_reload_waits
{
	my ($call, $end) = @_;
	my $output = $primary->base . '/waiting';
	my $waiting = fork();
	if ($waiting == 0)
	{
		open(STDOUT, '>', $output);
		open(STDERR, '>&', \*STDOUT);
		$ENV{PGPASSFILE} = $primary->passfile;
		exec 'psql', '-XAtqw', '-v', 'VERBOSITY=verbose', $primary->connection, '-c', 'SELECT pg_sleep(1)', '-c', "SELECT * FROM $call" or die;
	}
	my ($postmaster) = slurp("$data/postmaster.pid") =~ /^(\d+)/;
	my $backend;
	poll_until(sub { $backend = $primary->psql_ok("SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(1)%' AND pid <> pg_backend_pid()") });
	kill 'STOP', $postmaster;
	my $changed = slurp($hba) . slurp($auto);
	my $written = poll_until(sub { slurp($hba) . slurp($auto) ne $changed }, 4);
	kill $end, $backend;
	select(undef, undef, undef, 0.3);
	my $unconfirmed = slurp($hba) . slurp($auto);
	kill 'CONT', $postmaster;
	waitpid($waiting, 0);
	return ($written, slurp($output), $unconfirmed eq $changed);
}

for my $call (qw(allow_standby disallow_standby set_settings))
{
	for my $end ([ 'INT', 'cancelled', '57014' ], [ 'TERM', 'terminated', '57P01' ])
	{
		my ($written, $error, $back) = while_reload_waits($calls{$call}, $end->[0]);
		ok($written, "$call has written and waits for the reload");
		like($error, qr/$end->[2]/, "$call, $end->[1] in that wait, is an error");
		ok($back, 'and the files are as they were, byte for byte, at once');
		is(state(), $state, 'and all the rest');
		ok(poll_until(sub { running() eq $running }, 5), 'and the server goes by it') or diag(running());
	}
}

# --- what others changed meanwhile is theirs ---

like(run(q{DO $$ BEGIN PERFORM * FROM replica.allow_standby('rep', '192.0.2.2');
	EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', 'echo "# theirs" >> pg_hba.conf'); RAISE EXCEPTION 'planned'; END $$}),
	qr/WARNING:  55006: file ".*pg_hba.conf" was changed meanwhile and could not be put back/, 'a file that others changed is left to them, with a warning');
like(slurp($hba), qr/^# theirs$/m, 'and holds what they wrote');
$primary->psql_ok("SELECT * FROM replica.disallow_standby('rep', '192.0.2.2')");

# dblink or not: a second session changes another setting, and ours, while the first one is about to fail
sub meanwhile
{
	my ($theirs) = @_;
	my $waiting = fork();
	if ($waiting == 0)
	{
		run("SELECT pg_sleep(2), 1 / (random() * 0)::int FROM $calls{set_settings}");
		POSIX::_exit(0);
	}
	poll_until(sub { slurp($auto) =~ /^wal_keep_size = '64MB'/m });
	$primary->psql_ok($theirs);
	waitpid($waiting, 0);
	return;
}
meanwhile("ALTER SYSTEM SET work_mem = '6MB'");
like(slurp($auto), qr/^work_mem = '6MB'\n(.*\n)*wal_keep_size = '32MB'\n/m, 'a setting that others wrote meanwhile stays, ours goes');
meanwhile("ALTER SYSTEM SET wal_keep_size = '128MB'");
like(slurp($auto), qr/^wal_keep_size = '128MB'\n/m, 'what others made of our setting stays');

# --- slots ---

is(run("SELECT d.changed, c.changed FROM replica.drop_slot('kept') d, LATERAL (SELECT d.slot || '' AS slot) s, LATERAL replica.drop_slot(s.slot) c"),
	"t|f\n", 'a slot is dropped once, though twice in a statement');
is($primary->psql_ok('SELECT count(*) FROM replica.slots'), '0', 'and gone at the end of it');
like(run("SELECT * FROM replica.create_slot('kept') c, LATERAL (SELECT c.slot || '' AS slot) s, LATERAL replica.drop_slot(s.slot) d, LATERAL replica.create_slot(d.slot || '') e"),
	qr/55006: replication slot "kept" is being dropped/, 'a slot that is about to be dropped is not created');
is($primary->psql_ok('SELECT count(*) FROM replica.slots'), '0', 'and none is left');
$primary->psql_ok("CREATE ROLE dropper; GRANT USAGE ON SCHEMA replica TO dropper; GRANT EXECUTE ON FUNCTION replica.drop_slot(text) TO dropper");
$primary->psql_ok("SELECT replica.create_slot('kept')");
like(run("SET ROLE dropper; SELECT * FROM replica.drop_slot('kept')"), qr/25001/, 'two statements in one are a block');
like(run_program([ 'psql', '-XAtqw', '-v', 'VERBOSITY=verbose', $primary->connection, '-c', 'SET ROLE dropper', '-c', "SELECT * FROM replica.drop_slot('kept')" ],
	passfile => $primary->passfile)->{stderr}, qr/42501: permission denied to drop replication slots\nDETAIL:  The role dropper lacks the attribute REPLICATION/, 'rights to drop are asked for at once');

# a slot that somebody streams from by then stays, with a warning; the session goes on and can be cancelled as before
my $folder = $primary->base . '/received';
mkdir $folder or die;
my $receiver = fork();
if ($receiver == 0)
{
	poll_until(sub { $primary->psql_ok("SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'made'") eq '1' });
	run_program([ 'pg_receivewal', '-w', '-h', $primary->host, '-p', $primary->port, '-U', 'postgres', '-S', 'made', '-D', $folder, '--no-loop' ],
		passfile => $primary->passfile, timeout => 8);
	POSIX::_exit(0);
}
my $taken = run_program([ 'psql', '-XAtqw', '-v', 'VERBOSITY=verbose', $primary->connection,
	'-c', "SELECT pg_sleep(4), 1 / (random() * 0)::int FROM replica.create_slot('made')",
	'-c', "SET statement_timeout = '1s'", '-c', 'SELECT pg_sleep(20)' ], passfile => $primary->passfile);
like($taken->{stderr}, qr/WARNING:  55006: replication slot "made" was created and could not be dropped again\n(DETAIL:  .*\n)HINT:  SELECT \* FROM replica\.drop_slot\('made'\);/,
	'a slot that is in use by then is named with the command that drops it');
like($taken->{stderr}, qr/57014/, 'and the session can be cancelled as before');
cmp_ok($taken->{seconds}, '<', 15, 'at once');
waitpid($receiver, 0);

# a put-back that fails says what to do; the session goes on and can still be cancelled
mkdir "$auto.tmp" or die;
like(run("DO \$\$ BEGIN PERFORM * FROM replica.create_slot('made'); RAISE EXCEPTION 'planned'; END \$\$"), qr/^ERROR:  P0001/, 'an unrelated failure is silent');
rmdir "$auto.tmp";
like(run(q{DO $$ BEGIN PERFORM * FROM replica.set_settings(wal_keep_size => '256MB');
	EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', 'mkdir postgresql.auto.conf.tmp'); RAISE EXCEPTION 'planned'; END $$}),
	qr/WARNING:  F0000: settings were written and could not be put back.*HINT:  Run ALTER SYSTEM SET wal_keep_size TO '128MB';/s,
	'settings that cannot be put back are named with the command that does it');
rmdir "$auto.tmp" or die;

done_testing();
