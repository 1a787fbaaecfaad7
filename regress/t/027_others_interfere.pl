# What others change in the same moment is noticed, and the call that it hits says so and takes back what it did: between two looks
# at pg_hba.conf, and between the check of the settings and the reload that follows.
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

# psql that says which error it was
sub run
{
	my ($sql, $options) = @_;
	return run_program([ 'psql', '-XAtqw', '-v', 'VERBOSITY=verbose', $primary->connection, '-c', $sql ],
		passfile => $primary->passfile, env => { PGOPTIONS => $options || '' })->{stderr};
}

# --- pg_hba.conf: whenever the server is asked for its rules, it runs a script first ---

my $sound = slurp($hba);
my $script = $primary->base . '/meanwhile';
my $view = 'CREATE OR REPLACE VIEW pg_catalog.pg_hba_file_rules AS SELECT * FROM pg_hba_file_rules()';
sub replace_view { is(run("$view WHERE $_[0]", '-c allow_system_table_mods=on'), '', "the view: $_[0]"); return }
$primary->psql_ok(qq{CREATE FUNCTION public.meanwhile() RETURNS boolean LANGUAGE plpgsql AS \$\$
	BEGIN COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; sh $script'; RETURN true; END \$\$});
replace_view('(SELECT public.meanwhile())');

write_text($script, "echo 'host all all 192.0.2.9/32 reject' >> pg_hba.conf\n");
like(run("SELECT * FROM replica.allow_standby('rep', '192.0.2.1')"),
	qr/55006: pg_hba\.conf was changed meanwhile\nDETAIL:  The server and this function read different lines from it\.\nHINT:  Call the function again\./,
	'a line that somebody adds before the server reads the file is noticed');
is(slurp($hba), "${sound}host all all 192.0.2.9/32 reject\n", 'and the file is theirs');

write_text($hba, $sound);
write_text($script, "echo '# theirs' >> pg_hba.conf\n");
like(run("SELECT * FROM replica.allow_standby('rep', '192.0.2.1')"),
	qr/55006: file ".*pg_hba\.conf" was changed meanwhile\nDETAIL:  Something else has written it since it was read\.\nHINT:  Call the function again\./,
	'and so is a comment, which is no rule');
is(slurp($hba), "$sound# theirs\n", 'and the file is theirs');
ok(!-e "$hba.pg_replica-new", 'and no temporary file is left');

write_text($hba, $sound);
write_text($script, "! grep -q added.by.pg_replica pg_hba.conf || echo 'host all all 192.0.2.9/32 reject' >> pg_hba.conf\n");
my $differently = qr/F0000: the server reads the changed pg_hba\.conf differently than meant\nDETAIL:  It finds (\d+) rules where (\d+) should be\. The change is taken back\.\nHINT:  If something else writes the file, or one that it includes, call the function again\./;
my $error = run("SELECT * FROM replica.allow_standby('rep', '192.0.2.1')");
like($error, $differently, 'a line that somebody adds right after ours is noticed');
is($1, $2 + 1, 'as one rule too many') if $error =~ $differently;
like($error, qr/WARNING:  55006: file ".*pg_hba\.conf" was changed meanwhile and could not be put back/, 'and the file is left to them, with a warning');
like(slurp($hba), qr/192\.0\.2\.9/, 'with what they wrote');

# stands in for a server that does not see our line
write_text($hba, $sound);
replace_view("'rep' <> ALL (user_name)");
$error = run("SELECT * FROM replica.allow_standby('rep', '192.0.2.1')");
like($error, $differently, 'a line that the server does not see');
unlike($error, qr/WARNING/, 'is taken out again');
is(slurp($hba), $sound, 'and the file is byte for byte as it was');
replace_view('true');
is(run("SELECT * FROM replica.allow_standby('rep', '192.0.2.1')"), '', 'and otherwise it is added');

# --- settings: somebody damages a file after it was found in order ---

my $written = slurp($auto);
my $configuration = slurp("$data/postgresql.conf");
$primary->psql_ok(q{CREATE FUNCTION public.damage() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN COPY (SELECT 'nonsense here') TO PROGRAM 'cat >> postgresql.conf'; RETURN NEW; END $$;
	CREATE TRIGGER damage BEFORE INSERT ON replica.setting_history FOR EACH ROW EXECUTE FUNCTION public.damage()});
like(run("SELECT * FROM replica.set_settings(wal_keep_size => '64MB')"),
	qr/55000: wal_keep_size did not take effect\nDETAIL:  It is 0 after the reload, from the default; everything was put back\.\nHINT:  See the server's log for the reason\./,
	'a reload that the server ignores is an error');
$primary->psql_ok('DROP TRIGGER damage ON replica.setting_history');
is(slurp($auto), $written, 'and the file is as it was');
is($primary->psql_ok('SELECT count(*) FROM replica.setting_history'), '0', 'and nothing is recorded');
write_text("$data/postgresql.conf", $configuration);

# --- settings: somebody sets the same one before the reload. The postmaster stands still meanwhile ---

$primary->psql_ok('SELECT pg_reload_conf()');
my $output = $primary->base . '/waiting';
my $caller = fork();
if ($caller == 0)
{
	open(STDERR, '>', $output);
	$ENV{PGPASSFILE} = $primary->passfile;
	exec 'psql', '-XAtqw', '-v', 'VERBOSITY=verbose', $primary->connection, '-c', 'SELECT pg_sleep(1)',
	  '-c', "SELECT * FROM replica.set_settings(wal_keep_size => '64MB')" or die;
}
my $other = fork();
if ($other == 0)
{
	$ENV{PGPASSFILE} = $primary->passfile;
	exec 'psql', '-XAtqw', $primary->connection, '-c', 'SELECT pg_sleep(3)', '-c', "ALTER SYSTEM SET wal_keep_size = '1GB'" or die;
}
ok(poll_until(sub { $primary->psql_ok("SELECT count(*) FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep'") eq '2' }), 'both are connected');
my ($postmaster) = slurp("$data/postmaster.pid") =~ /^(\d+)/;
kill 'STOP', $postmaster;
my $waits = poll_until(sub { slurp($auto) =~ /wal_keep_size = '64MB'/ }, 8);
my $set = poll_until(sub { slurp($auto) =~ /wal_keep_size = '1GB'/ }, 8);
kill 'CONT', $postmaster;
waitpid($_, 0) for $caller, $other;
ok($waits && $set, 'the other one has set it while the first one waits for its reload');
like(slurp($output), qr/55000: wal_keep_size did not take effect\nDETAIL:  It is 1GB after the reload, from the configuration file/, 'which is an error');
like(slurp($auto), qr/^wal_keep_size = '1GB'$/m, 'and theirs stays');
is($primary->psql_ok('SELECT count(*) FROM replica.setting_history'), '0', 'and nothing is recorded');

done_testing();
