# Who has to confirm commits: shown and set in SQL and by the command sync, and never so that commits hang unless that is meant.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use IPC::Run ();
use JSON::PP;
use ReplicaTest;
use Test::More;

my $primary = stock_primary('primary', extension => 1);
my @connection = $primary->connection;
my %login = (passfile => $primary->passfile);
$primary->psql_ok('CREATE TABLE t (i integer)');

# pg_receivewal --synchronous confirms what it has flushed, as a standby does
my %receivers;

sub start_receiver
{
	my ($name) = @_;
	my $directory = $primary->base . '/wal_' . scalar(keys %receivers);
	mkdir $directory;
	local %ENV = (%ENV, PGPASSFILE => $primary->passfile);
	$receivers{$name} = IPC::Run::start(
		[ 'pg_receivewal', '--synchronous', '-D', $directory, '-d',
			"host=127.0.0.1 port=" . $primary->port . " user=postgres application_name='$name'" ],
		'>', \my $out, '2>', \my $err);
	return poll_until(sub {
		$primary->psql_ok("SELECT count(*) FROM replica.synchronous_standbys() WHERE standby_name = '$name' AND can_confirm") eq '1' });
}

sub stop_receiver
{
	my ($name) = @_;
	(delete $receivers{$name})->kill_kill;
	return poll_until(sub { $primary->psql_ok("SELECT count(*) FROM pg_stat_replication WHERE application_name = '$name'") eq '0' });
}

# whether a commit ends, within some seconds; statement_timeout does not end the wait for a standby
sub commits
{
	my ($seconds) = @_;
	return run_program([ 'psql', '-XAtqw', $primary->connection, '-c', 'INSERT INTO t VALUES (1)' ],
		%login, timeout => $seconds || 20)->{status} == 0;
}
sub setting { return $primary->psql_ok('SHOW synchronous_standby_names') }

my $lonely = run_tool([ 'sync', @connection ], %login);
is($lonely->{status}, 0, 'sync of a lonely primary is well');
like($lonely->{stdout}, qr/^commits  wait for no standby$/m, 'and says that commits wait for nobody');

ok(start_receiver('s1'), 's1 streams');
ok(start_receiver('Odd, one'), 'and so does one with an odd name');
is($primary->psql_ok("SELECT string_agg(standby_name || ':' || named || ':' || can_confirm, ' ') FROM replica.synchronous_standbys()"),
	'Odd, one:false:true s1:false:true', 'both could be named');

# --- refused --------------------------------------------------------------------------------------------------------
my $absent = run_tool([ 'sync', @connection, 's1', 'absent', '--number', 2 ], %login);
is($absent->{status}, 4, 'a standby that does not stream is refused');
like($absent->{stderr}, qr/every commit would wait.*2 of the standbys .* 1 can now.*set_synchronous_standbys\(ARRAY\['Odd, one', 's1'\]\)/s,
	'with those named that do');
like($absent->{stderr}, qr/or give --allow-waiting to have commits wait/, 'and the option of this command, not that of the function');
is(setting(), '', 'and nothing was set');
is(run_tool([ 'sync', @connection, 's1', 'S1' ], %login)->{status}, 2, 'a name given twice is a wrong command line');
is(run_tool([ 'sync', @connection, '--any' ], %login)->{status}, 2, 'and so is a method without names');
is(run_tool([ 'sync', @connection, '--none', 's1' ], %login)->{status}, 2, 'and nobody together with somebody');

# --- set ------------------------------------------------------------------------------------------------------------
my $dry = run_tool([ 'sync', @connection, 's1', 'Odd, one', '--any', '--number', 2, '--dry-run' ], %login);
is($dry->{status}, 0, 'a dry run succeeds');
like($dry->{stdout}, qr/^asked +ANY 2 \("s1", "Odd, one"\)$/m, 'and shows what would be set');
is(setting(), '', 'and sets nothing');
is(run_tool([ 'sync', @connection, 's1', 'Odd, one', '--any', '--number', 2 ], %login)->{status}, 0, 'both are named');
is(setting(), 'ANY 2 ("s1", "Odd, one")', 'it is in effect');
ok(commits(), 'a commit is confirmed by both');
is($primary->psql_ok("SELECT string_agg(application_name || ':' || sync_state, ' ' ORDER BY application_name COLLATE \"C\") FROM pg_stat_replication"),
	'Odd, one:quorum s1:quorum', 'the server knows the odd name');
like(run_tool([ 'sync', @connection, 's1', 'Odd, one', '--any', '--number', 2 ], %login)->{stdout},
	qr/^changed +no, it was so already$/m, 'the second time there is nothing to do');

# --- a standby goes -----------------------------------------------------------------------------------------------------
ok(stop_receiver('Odd, one'), 'one goes');
my $hanging = run_tool([ 'sync', @connection ], %login);
is($hanging->{status}, 4, 'sync ends with 4 while commits hang');
like($hanging->{stdout}, qr/^commits +hang: .*any 2 of those named; 1 can confirm now.*^no +Odd, one .*is not connected$/ms, 'and shows why');
ok(!commits(3), 'they do hang');
is(decode_json(run_tool([ 'sync', @connection, '--format', 'json' ], %login)->{stdout})->{standbys}[0]{commits_wait},
	JSON::PP::true, 'in JSON, too');
is(run_tool([ 'sync', @connection, 's1' ], %login, timeout => 20)->{status}, 0, 'the change itself does not hang');
ok(commits(), 'and commits go on');

# --- put back -------------------------------------------------------------------------------------------------------
is(run_tool([ 'sync', @connection, '--none', '--dry-run' ], %login)->{status}, 0, 'nobody, as a dry run');
is(setting(), 'FIRST 1 ("s1")', 'changes nothing');
is($primary->psql("SELECT * FROM replica.set_synchronous_standbys('{}')"), undef, 'the last one does not go by the way');
is($primary->psql_ok("SELECT before IS NULL, set_to FROM replica.setting_history WHERE name = 'synchronous_standby_names'"),
	't|FIRST 1 ("s1")', 'what was there before is remembered');
$primary->psql_ok('SELECT FROM replica.reset_settings()');
is(setting(), '', 'reset_settings puts it back');
is($primary->psql_ok("SELECT count(*) FROM pg_file_settings WHERE name = 'synchronous_standby_names'"), '0', 'and leaves no line');

# --- a statement that fails, and one whose standby goes meanwhile, leave nothing ---------------------------------------------
is($primary->psql("SELECT 1 / (count(*) - 1) FROM replica.set_synchronous_standbys('{s1}')"), undef, 'the statement fails later');
is(setting(), '', 'and the setting is what it was');
ok(commits(), 'and no commit hangs');
is(run_tool([ 'sync', @connection, 'absent', '--allow-waiting' ], %login, timeout => 20)->{status}, 0, 'waiting can be allowed');
ok(!commits(3), 'and then commits wait');
is(run_tool([ 'sync', @connection, '--none' ], %login, timeout => 20)->{status}, 0, 'which can be ended');
ok(commits(), 'and they go on');

# --- what was there before, as the table says that anybody with the right may write --------------------------------------------
$primary->psql_ok("SELECT FROM replica.set_synchronous_standbys('{s1}')");
$primary->psql_ok("UPDATE replica.setting_history SET before = 'FIRST (' WHERE name = 'synchronous_standby_names'");
my $unreadable = run_program([ 'psql', '-XAtqw', '-v', 'VERBOSITY=verbose', @connection, '-c', 'SELECT FROM replica.reset_settings()' ], %login);
like($unreadable->{stderr}, qr/22023: synchronous_standby_names cannot be read\nDETAIL:  It is: FIRST \(/, 'what is no list of standbys is not put back');
is(setting(), 'FIRST 1 ("s1")', 'and the setting stays');
$primary->psql_ok('UPDATE replica.setting_history SET before = NULL');
$primary->psql_ok('SELECT FROM replica.reset_settings()');
is(setting(), '', 'with what was there it is put back');

# --- rights -----------------------------------------------------------------------------------------------------------
$primary->psql_ok("CREATE ROLE watcher LOGIN PASSWORD 'w'; GRANT pg_monitor TO watcher");
my @watcher = ('-h', $primary->host, '-p', $primary->port, '-U', 'watcher', '-d', 'postgres');
my %watcher = (passfile => write_passfile($primary->base . '/watcher', [ '*', '*', '*', 'watcher', 'w' ]));
is(run_tool([ 'sync', @watcher ], %watcher)->{status}, 0, 'pg_monitor may look');
$primary->psql_ok('REVOKE pg_monitor FROM watcher; GRANT USAGE ON SCHEMA replica TO watcher; GRANT EXECUTE ON FUNCTION replica.synchronous_standbys TO watcher');
my $blind = run_program([ 'psql', '-XAtqw', '-v', 'VERBOSITY=verbose', @watcher, '-c', 'SELECT * FROM replica.synchronous_standbys()' ], %watcher);
like($blind->{stderr}, qr/42501: permission denied to see which standbys stream\nHINT:  GRANT pg_monitor TO watcher;/,
	'without it standbys that stream are not taken for absent');
$primary->psql_ok('GRANT pg_monitor TO watcher');
my $forbidden = run_tool([ 'sync', @watcher, 's1' ], %watcher);
is($forbidden->{status}, 4, 'but not set');
like($forbidden->{stderr}, qr/HINT:   .*GRANT/, 'and is told the grants');
$_->kill_kill for values %receivers;
done_testing();
