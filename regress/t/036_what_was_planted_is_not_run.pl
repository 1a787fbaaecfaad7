# Whoever may create objects gets nothing run by them: neither before CREATE EXTENSION nor by the search_path of whoever calls
# the functions. And nothing that anybody passes ends the session: arguments of 1 MB.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use Test::More;

my $primary = stock_primary('primary');

# One session of psql as the administrator, which goes on after errors; its output and its errors, the latter as SQLSTATEs.
sub session
{
	my ($script) = @_;
	my $file = $primary->base . '/script.sql';
	open(my $handle, '>', $file) or die "cannot write $file: $!";
	print $handle "\\set VERBOSITY sqlstate\n$script";
	close($handle);
	return run_program([ 'psql', '-XAtq', '-h', $primary->host, '-p', $primary->port, '-U', 'postgres', '-d', 'postgres', '-f', $file ],
		passfile => $primary->passfile);
}

# --- before CREATE EXTENSION --------------------------------------------------------------------------------------------
$primary->psql_ok('CREATE ROLE eve; CREATE SCHEMA eve AUTHORIZATION eve; GRANT CREATE ON DATABASE postgres TO eve');
$primary->psql_ok('SET ROLE eve; CREATE SCHEMA replica');
like(session('CREATE EXTENSION pg_replica;')->{stderr}, qr/ERROR:  42P06/, 'a schema of somebody else is not taken');
is($primary->psql_ok("SELECT count(*) FROM pg_extension WHERE extname = 'pg_replica'"), '0', 'and nothing is installed');
$primary->psql_ok('DROP SCHEMA replica');
like(session("SET ROLE eve; CREATE EXTENSION pg_replica;")->{stderr}, qr/ERROR:  42501/, 'only a superuser installs it');
$primary->psql_ok('CREATE EXTENSION pg_replica');
is($primary->psql_ok("SELECT string_agg(p.oid::regprocedure::text, ', ') FROM pg_proc p WHERE pronamespace = 'replica'::regnamespace"
		  . " AND has_function_privilege('eve', p.oid, 'EXECUTE')"), '', 'a role without rights may call no function of it');
is($primary->psql_ok("SELECT string_agg(c.oid::regclass::text, ', ') FROM pg_class c WHERE relnamespace = 'replica'::regnamespace"
		  . " AND relkind IN ('r', 'v') AND has_table_privilege('eve', c.oid, 'SELECT, INSERT, UPDATE, DELETE')"), '', 'nor read a table or view');

# --- the caller's search_path leads to eve's ------------------------------------------------------------------------------
my @traps = ([ 'lower', 'text', 'text' ], [ 'quote_ident', 'text', 'text' ], [ 'quote_literal', 'text', 'text' ],
	[ 'current_setting', 'text', 'text' ], [ 'pg_is_in_recovery', '', 'boolean' ], [ 'pg_current_wal_lsn', '', 'pg_lsn' ],
	[ 'has_function_privilege', 'text, text', 'boolean' ], [ 'has_table_privilege', 'text, text', 'boolean' ],
	[ 'starts_with', 'text, text', 'boolean' ], [ 'pg_reload_conf', '', 'boolean' ], [ 'clock_timestamp', '', 'timestamptz' ],
	[ 'now', '', 'timestamptz' ], [ 'pg_switch_wal', '', 'pg_lsn' ], [ 'host', 'inet', 'text' ]);
my $planted = "SET ROLE eve;\n";
$planted .= "CREATE FUNCTION eve.$_->[0]($_->[1]) RETURNS $_->[2] LANGUAGE plpgsql AS \$\$ BEGIN RAISE WARNING 'trapped'; RETURN NULL; END \$\$;\n"
  for @traps;
$planted .= "CREATE FUNCTION eve.same(text, text) RETURNS boolean LANGUAGE plpgsql AS \$\$ BEGIN RAISE WARNING 'trapped'; RETURN true; END \$\$;\n";
$planted .= "CREATE OPERATOR eve.$_ (LEFTARG = text, RIGHTARG = text, FUNCTION = eve.same);\n" for '=', '<>', '~';
is(session("$planted RESET ROLE;")->{stderr}, '', 'eve plants functions and operators');

my $path = "SET search_path = eve, pg_temp, pg_catalog; SET client_min_messages = warning;\n";
my $temporary = join('', map { "CREATE TEMPORARY TABLE $_ (trapped text);\n" }
	  qw(pg_roles pg_authid pg_settings pg_replication_slots pg_stat_replication pg_hba_file_rules pg_file_settings pg_database pg_class pg_proc));
like(session("\\set VERBOSITY terse\n$path SELECT lower('x');")->{stderr}, qr/trapped/, 'this is how whoever trusts the path is trapped');

my @calls = ("replica.create_role('ours', 'secret')", "replica.create_rewind_role('rewinder', 'secret')",
	"replica.hba_decision('ours', '127.0.0.1')", "replica.allow_standby('ours', '10.0.0.1')", "replica.disallow_standby('ours', '10.0.0.1')",
	'replica.settings()', "replica.set_settings(wal_keep_size => '64MB')", 'replica.reset_settings()',
	'replica.synchronous_standbys()', "replica.set_synchronous_standbys('{s1}', allow_waiting => true, dry_run => true)",
	"replica.create_slot('s1')", 'replica.slots', 'replica.standbys', 'replica.node', 'replica.replication_roles',
	"replica.check(1, 'ours', '127.0.0.1')", "replica.write_marker('s1')", "replica.read_marker('s1')", "replica.drop_slot('s1')",
	"replica.drop_role('rewinder')", "replica.drop_role('ours')");
my $result = session("\\set VERBOSITY default\n$path$temporary" . join('', map { "SELECT pg_catalog.count(*) > 0 FROM $_;\n" } @calls));
is($result->{stderr}, '', 'no function runs what was planted, and none fails on it');
is($result->{stdout}, "t\n" x @calls, 'none reads a temporary table of the name of a catalogue');

# --- arguments of 1 MB: of every function, every text at once, and each alone -------------------------------------------------
my @functions = split /\n/, $primary->psql_ok(q{
	SELECT p.proname || '|' || string_agg(coalesce(p.proargnames[i], '') || ' ' || format_type(t, NULL), ',' ORDER BY i)
	  FROM pg_proc p, unnest(p.proargtypes) WITH ORDINALITY AS a (t, i)
	 WHERE p.pronamespace = 'replica'::regnamespace GROUP BY p.oid, p.proname ORDER BY 1});
my %small = (text => "'x'", integer => 1, boolean => 'false', 'timestamp with time zone' => "'infinity'", 'text[]' => "'{x}'", bytea => "'x'");
my %large = (text => "repeat('x', 1 << 20)", 'text[]' => "ARRAY[repeat('x', 1 << 20)]", bytea => "convert_to(repeat('x', 1 << 20), 'UTF8')");
my $large_calls = '';
my $number = 0;
for my $function (@functions)
{
	my ($name, $list) = split /\|/, $function;
	my @arguments = split /,/, $list;
	for my $large (0 .. @arguments)    # the last turn: all of them
	{
		my @values;
		for my $i (0 .. $#arguments)
		{
			my ($argument, $type) = split / /, $arguments[$i], 2;
			my $value = $argument eq 'dry_run' ? 'true' : $small{$type};
			$value = $large{$type} if $large{$type} && ($i == $large || $large == @arguments);
			push @values, "$argument => $value";
		}
		$large_calls .= "SELECT pg_catalog.count(*) FROM replica.$name(" . join(', ', @values) . ") \\g /dev/null\n";
		$number++;
	}
}
my $hba = slurp($primary->data_dir . '/pg_hba.conf');
my $survived = session("SELECT pg_backend_pid();\n${large_calls}SELECT pg_backend_pid();\n");
my ($before, $after) = split /\n/, $survived->{stdout};
is($after, $before, "one session survives $number calls with 1 MB in one argument or in all");
my @states = $survived->{stderr} =~ /ERROR:  (\S+)/g;
ok(@states > $number / 2, 'most of which are errors: ' . scalar @states);
is(join(' ', grep { /^XX|^58/ } @states), '', 'and none of those is an internal one');
is(slurp($primary->data_dir . '/pg_hba.conf'), $hba, 'and pg_hba.conf is what it was');
done_testing();
