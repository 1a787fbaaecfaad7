# Whoever lacks a right is told so at once: without waiting for a lock that another session holds, without making others wait,
# and without keeping the server busy.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use POSIX ();
use ReplicaTest;
use Test::More;

my $primary = stock_primary('primary', extension => 1);
$primary->psql_ok(q{CREATE ROLE stranger LOGIN PASSWORD 'x'; CREATE ROLE boss NOLOGIN SUPERUSER;
	GRANT USAGE ON SCHEMA replica TO stranger; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA replica TO stranger});
$primary->psql_ok(q{SELECT * FROM replica.create_role('regress_ours', 'secret')});
my $passfile = write_passfile($primary->base . '/stranger_passfile', [ '*', '*', '*', 'stranger', 'x' ]);

sub as_stranger
{
	my (@statements) = @_;
	return run_program([ 'psql', '-XAtqw', '-v', 'VERBOSITY=verbose', '-h', $primary->host, '-p', $primary->port, '-U', 'stranger', '-d', 'postgres',
			map { ('-c', $_) } @statements ], passfile => $passfile, env => { PGOPTIONS => '-c lock_timeout=1s' });
}

sub locks
{
	return $primary->psql_ok("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = 0 AND granted");
}

# --- a session holds the lock of the roles ---

my $holder = fork();
if ($holder == 0)
{
	run_program([ 'psql', '-XAtqw', $primary->connection, '-c', 'BEGIN', '-c', "SELECT * FROM replica.create_role('regress_new')", '-c', 'SELECT pg_sleep(6)' ],
		passfile => $primary->passfile);
	POSIX::_exit(0);
}
ok(poll_until(sub { locks() eq '1' }), 'a session holds the lock');
for my $call ("create_role('regress_other')", "create_role('regress_ours', 'secret')", "create_role('regress_ours', NULL, 5)", "drop_role('regress_ours')")
{
	like(as_stranger("SELECT * FROM replica.$call")->{stderr}, qr/42501/, "$call: a caller without rights does not wait for it");
}
is(as_stranger("SELECT changed FROM replica.drop_role('regress_none')")->{stdout}, "f\n", 'nor does one who asks for nothing');
is(as_stranger("SELECT count(*) FROM replica.create_role('regress_ours')")->{stdout}, "5\n", 'nor one who asks for what is there');
is(locks(), '1', 'and it was held all the time');
waitpid($holder, 0);

# --- what is missing is said all at once, with what gives it ---

my $delegated = server_major() >= 16;
sub refusal { return as_stranger("SELECT * FROM replica.$_[0]")->{stderr} }
my $cannot_alter = $delegated ? qr/42501: role "stranger" cannot create or alter replication roles\nDETAIL:  It lacks the attributes CREATEROLE REPLICATION/
  : qr/42501: must be superuser to create or alter a replication role\nDETAIL:  PostgreSQL 15 and older let only superusers/;
like(refusal("create_role('regress_other')"), $cannot_alter, 'to create a role');
like(refusal("create_role('regress_ours', 'other')"), $cannot_alter, 'to alter a role');
like(refusal("create_role('regress_ours', 'other')"), qr/HINT:  Run as a superuser: ALTER ROLE "stranger" CREATEROLE REPLICATION; GRANT "regress_ours" TO "stranger" WITH ADMIN OPTION;/,
	'and all statements') if $delegated;
like(refusal("drop_role('regress_ours')"), qr/42501: role "stranger" cannot drop role "regress_ours"\nDETAIL:  That takes CREATEROLE/, 'to drop a role');
like(refusal("create_rewind_role('regress_rewind')"),
	qr/42501: must be superuser to handle a role for pg_rewind\nDETAIL:  Only superusers .*\nHINT:  Call the function as a superuser\./, 'to create a role for pg_rewind');
my $parameters = server_major() >= 15 ? qr/HINT:  Run as a superuser: GRANT ALTER SYSTEM ON PARAMETER wal_keep_size(?:, wal_log_hints)? TO "stranger"; GRANT EXECUTE ON FUNCTION pg_catalog\.pg_reload_conf\(\) TO/
  : qr/HINT:  Call the function as a superuser; PostgreSQL 14 and older let nobody else\./;
my $no_settings = refusal("set_settings(wal_keep_size => '64MB')");
like($no_settings, qr/42501: rights to change the configuration are missing\nDETAIL:  Role "stranger" may not ALTER SYSTEM: \S.*Role "stranger" may not write replica\.setting_history\.\n/, 'to change settings');
like($no_settings, $parameters, 'and what gives it');
$primary->psql_ok('GRANT pg_read_server_files TO stranger');
like(refusal("allow_standby('regress_ours', '192.0.2.1')"),
	qr/42501: permission denied for replica\.allow_standby\nDETAIL:  The role stranger lacks: .*membership in pg_write_server_files, EXECUTE on the function pg_reload_conf\(\)\.\nHINT:  A superuser can run: GRANT SELECT ON pg_hba_file_rules TO stranger;/,
	'to edit pg_hba.conf');

# --- and nobody without rights holds it ---

my $blocker = fork();
if ($blocker == 0)
{
	as_stranger('BEGIN', "SELECT * FROM replica.create_role('regress_ours')", "SELECT * FROM replica.drop_role('regress_none')", 'SELECT pg_sleep(3)');
	POSIX::_exit(0);
}
ok(poll_until(sub { $primary->psql_ok("SELECT count(*) FROM pg_stat_activity WHERE usename = 'stranger' AND query ~ '^SELECT pg_sleep'") eq '1' }), 'a stranger has called both in a transaction');
is(locks(), '0', 'and holds no lock');
waitpid($blocker, 0);

# --- hashing ---

# a stored verifier that would take minutes is not reckoned with: it counts as another password
my $verifier = 'SCRAM-SHA-256$%s:ZwwMcOY/fgZ6Hy9KzdM9Dw==$cd9hTzi0xB6grrIzIGZ4sUnuC5XHwKPvdhrW2Pp0TYQ=:dVsk6eBgDYD01Ok1hnJ3cg3OgVYfwcOL0l1lR4Rqmro=';
$primary->psql_ok(sprintf("UPDATE pg_authid SET rolpassword = '$verifier' WHERE rolname = 'regress_ours'", 2147483647));
my $result = run_program([ 'psql', '-XAtqw', $primary->connection, '-c', "SELECT changed FROM replica.create_role('regress_ours', 'secret') WHERE attribute = 'password'" ],
	passfile => $primary->passfile, timeout => 20);
is($result->{stdout}, "t\n", 'a stored verifier with 2147483647 iterations is replaced');
cmp_ok($result->{seconds}, '<', 10, 'without reckoning with it');
$result = as_stranger(sprintf("SELECT * FROM replica.create_role('regress_ours', '$verifier')", 1000000));
like($result->{stderr}, qr/42501/, 'a caller without rights makes the server reckon with nothing');

done_testing();
