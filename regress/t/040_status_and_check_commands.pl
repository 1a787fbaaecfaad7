# The commands status, check and verify against real servers: what they print, in which form, and how they end.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use JSON::PP;
use ReplicaTest;
use Test::More;

my $primary = stock_primary('primary');
my @connection = $primary->connection;
my %login = (passfile => $primary->passfile);
my ($host, $port) = ($primary->host, $primary->port);

sub with_option
{
	my ($option, $value) = @_;
	my @changed = @connection;
	for my $i (0 .. $#changed) { $changed[ $i + 1 ] = $value if $changed[$i] eq $option; }
	return @changed;
}

# --- without the extension ---------------------------------------------------------------------------------------------
for my $command ('status', 'check')
{
	my $result = run_tool([ $command, @connection ], %login);
	is($result->{status}, 4, "$command without the extension ends with 4");
	like($result->{stderr}, qr/error: the extension pg_replica is not in database "postgres" of the/, 'it says what is missing');
	like($result->{stderr}, qr/HINT:   Run there: CREATE EXTENSION pg_replica;/, 'and the statement that mends it');
	is($result->{stdout}, '', 'and prints no result');
}
$primary->psql_ok('CREATE EXTENSION pg_replica');

# --- connections that fail ------------------------------------------------------------------------------------------------
my $wrong = write_passfile($primary->base . '/wrong', [ '*', '*', '*', '*', 'wrong' ]);
for my $case (
	[ 'a wrong password', \@connection, { passfile => $wrong }, qr/The server's log may tell more/ ],
	[ 'no password and no terminal', \@connection, { passfile => '/nonexistent' }, qr{:postgres:PASSWORD with the password into the file /nonexistent} ],
	[ 'no password and -w', [ @connection, '-w' ], { passfile => '/nonexistent' }, qr{:postgres:PASSWORD with the password into the file /nonexistent} ],
	[ 'a port where nobody listens', [ with_option('-p', free_port()) ], \%login, qr/check -h and -p/ ],
	[ 'a host that does not exist', [ with_option('-h', 'no-such-host.invalid') ], \%login, qr/check -h and -p/ ])
{
	my ($what, $arguments, $options, $hint) = @$case;
	for my $command ('status', 'check')
	{
		my $result = run_tool([ $command, @$arguments ], %$options, timeout => 30);
		# for status, what nobody answers is critical, and what turns us away is unknown
		my $code = $command eq 'status' && $hint eq qr/check -h and -p/ ? 2 : 3;
		is($result->{status}, $code, "$command with $what ends with $code");
		like($result->{stderr}, $hint, 'and a hint');
	}
}
my $no_service = run_tool([ 'status', '-d', 'service=no-such' ], %login);
is($no_service->{status}, 3, 'a service that is not defined tells nothing of any server: unknown');
like($no_service->{stderr}, qr/no-such.*HINT: .*No server was asked\. Mend the connection string, the service file/s, 'and what to mend is said');
for my $arguments ([ 'status', '--format', 'xml' ], [ 'status', 'word' ], [ 'verify', @connection ], ['no-such-command'], [])
{
	my $result = run_tool($arguments, %login);
	is($result->{status}, 2, "a wrong command line ends with 2: @$arguments");
	like($result->{stderr}, qr/^pg_replica: error: .*HINT:/s, 'with a hint');
}

# --- a lonely primary -----------------------------------------------------------------------------------------------------
my $lonely = run_tool([ 'status', @connection ], %login);
is($lonely->{status}, 0, 'status of a lonely primary is ok');
like($lonely->{stdout}, qr/^role +primary, PostgreSQL \d+.*^health +ok: .*^no standbys$/ms, 'and says so');
is($lonely->{stderr}, '', 'and nothing else');

# --- a standby ------------------------------------------------------------------------------------------------------------
my $secret = q(it's : a\\secret);
$primary->psql_ok("CREATE ROLE rep LOGIN REPLICATION PASSWORD '" . ($secret =~ s/'/''/gr) . "'");
my $standby_data = $primary->base . '/standby';
my $standby_port = free_port();
my $passfile = write_passfile($primary->base . '/standby_passfile', [ $host, $port, '*', 'rep', $secret ]);

sub start_standby
{
	return system('pg_ctl', '-s', '-w', '-D', $standby_data, '-l', $primary->base . '/standby_log', 'start') == 0;
}

sub make_standby
{
	my $backup = run_program([ 'pg_basebackup', '-w', '-c', 'fast', '-R', '-C', '-S', 'slot_s1', '-D', $standby_data,
			'-d', "host=$host port=$port user=rep application_name=s1 passfile='$passfile'" ]);
	is($backup->{status}, 0, 'a standby is copied') or diag($backup->{stderr});
	open(my $conf, '>>', "$standby_data/postgresql.conf");
	print $conf "port = $standby_port\nwal_retrieve_retry_interval = 200ms\n";
	close($conf);
	stop_at_end($standby_data);
	ok(start_standby(), 'and started');
}
make_standby();
ok(poll_until(sub { run_tool([ 'status', @connection ], %login)->{status} == 0 }), 'status ends with 0 once it streams');

my $table = run_tool([ 'status', @connection ], %login);
like($table->{stdout}, qr/^health +standby +address +state +sync +lag +delay +slot +slot keeps$/m, 'the table has headings');
like($table->{stdout}, qr/^ok +s1 +127\.0\.0\.1 +streaming +async +\d+ bytes +\S+ +slot_s1 +\d/m, 'and a line for the standby');

my $json = run_tool([ 'status', @connection, '--format', 'json' ], %login);
my $facts = decode_json($json->{stdout});
is_deeply([ sort keys %$facts ], [qw(health schema_version servers)], 'the JSON has the three keys');
is($facts->{schema_version}, 2, 'schema_version is 2');
$facts = $facts->{servers}[0];
is_deeply([ sort keys %$facts ], [qw(error health node reason server slots standbys upstream)], 'and the server its own');
is($facts->{node}{role}, 'primary', 'the node is the primary');
is($facts->{node}{system_identifier}, $primary->psql('SELECT system_identifier FROM pg_control_system()'),
	'its system identifier keeps all its digits');
for my $view ('node', 'standbys')
{
	my $row = $view eq 'node' ? $facts->{node} : $facts->{standbys}[0];
	my $columns = $primary->psql("SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute"
		  . " WHERE attrelid = 'replica.$view'::regclass AND attnum > 0 AND NOT attisdropped");
	is(join(',', sort keys %$row), join(',', sort split(/,/, $columns)), "$view has the columns of the view");
	my @positions = map { index($json->{stdout}, qq("$_":), index($json->{stdout}, qq("$view":))) } split(/,/, $columns);
	is("@positions", join(' ', sort { $a <=> $b } @positions), "$view keeps their order");
}
my $s1 = $facts->{standbys}[0];
like($json->{stdout}, qr/"retained_bytes": \d+,/, 'bytes are integers');
like($json->{stdout}, qr/"slot_active": true,/, 'booleans are booleans');
like($json->{stdout}, qr/"replay_lag": \d+(\.\d+)?(e-\d+)?,/, 'a lag is a number of seconds');
like($s1->{reply_time}, qr/^\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d$/, 'a time is ISO 8601');
like($s1->{replay_lsn}, qr{^[0-9A-F]+/[0-9A-F]+$}, 'an LSN is a string');
ok(exists $s1->{inactive_since} && !defined $s1->{inactive_since}, 'unknown is null');

my @standby = with_option('-p', $standby_port);
my $on_standby = run_tool([ 'status', @standby ], %login);
is($on_standby->{status}, 0, 'status of the standby itself is ok');
like($on_standby->{stdout}, qr/^role +standby,.*^receiver +streaming from 127\.0\.0\.1:$port, slot slot_s1,/ms, 'and shows whom it follows');
is(decode_json(run_tool([ 'status', @standby, '--format', 'json' ], %login)->{stdout})->{servers}[0]{node}{role}, 'standby', 'in JSON, too');

# --- verify ---------------------------------------------------------------------------------------------------------------
my @verify = ('verify', @connection, '--standby-port', $standby_port);
my $proven = run_tool([ @verify, '-D', $standby_data ], %login);
is($proven->{status}, 0, 'verify proves the standby');
like($proven->{stdout},
	qr{^s1: replicates; timeline 1, slot slot_s1, primary at \S+, replayed \S+, was \d+ bytes behind, marker arrived after \d+ ms\n\z},
	'with one line that says what it saw');
is($primary->psql("SELECT count(*) FROM replica.marker WHERE standby_name = 's1'"), '1', 'by a marker under the name that it found');
is(run_tool([ 'verify', @connection, '-q', '--standby', "host=$host port=$standby_port" ], %login)->{status}, 0,
	'a connection string names the standby as well');

my $swapped = run_tool([ 'verify', @standby, '--standby-port', $port ], %login);
is($swapped->{status}, 1, 'primary and standby swapped are not proven');
like($swapped->{stderr}, qr/the server given as the primary is a standby/, 'and it says so');
my $twice = run_tool([ 'verify', @connection, '--standby-port', $port ], %login);
is($twice->{status}, 1, 'the primary is no standby of its own');
like($twice->{stderr}, qr/the primary and the standby are the same server/, 'and it says so');
is(run_tool([ 'verify', @connection, '--standby-port', free_port() ], %login)->{status}, 3, 'a standby that is down ends with 3');
my $unnamed = run_tool([ @verify, '--name', 'other', '--timeout', 1 ], %login);
is($unnamed->{status}, 1, 'a standby under another name is not proven');
like($unnamed->{stderr}, qr/The primary has no walsender for "other", but for s1\./, 'and the names that are there are told');

my $elsewhere = run_tool([ @verify, '-D', $primary->data_dir ], %login);
is($elsewhere->{status}, 4, 'another directory than the standby\'s is refused');
$primary->psql_ok("ALTER ROLE rep PASSWORD 'rotated'");
is(run_tool([@verify], %login)->{status}, 0, 'a rotated password does not end a running stream');
my $rotated = run_tool([ @verify, '-D', $standby_data ], %login, env => { PGPASSWORD => $primary->password });
is($rotated->{status}, 3, 'but verify with the standby\'s directory finds it');
like($rotated->{stderr}, qr/cannot connect to the primary as the standby does/, 'and says so');
unlike($rotated->{output}, qr/\Qa\\secret\E/, 'without the password');
$primary->psql_ok("ALTER ROLE rep PASSWORD '" . ($secret =~ s/'/''/gr) . "'");

# --- a role without rights --------------------------------------------------------------------------------------------------
$primary->psql_ok("CREATE ROLE nobody_special LOGIN PASSWORD 'n'");
my %nobody = (passfile => write_passfile($primary->base . '/nobody', [ '*', '*', '*', 'nobody_special', 'n' ]), timeout => 30);
my @nobody = with_option('-U', 'nobody_special');
my $blind = run_tool([ 'status', @nobody ], %nobody);
is($blind->{status}, 3, 'status without rights is unknown, not bad');
like($blind->{stderr}, qr/permission denied.*HINT: .*GRANT pg_monitor TO/s, 'and says which grant is missing');
my $blind_verify = run_tool([ 'verify', @nobody, '--standby-port', $standby_port, '--name', 's1' ], %nobody);
is($blind_verify->{status}, 1, 'verify without rights does not wait for what it cannot see');
like($blind_verify->{stderr}, qr/may not see pg_stat_replication on the primary.*GRANT pg_monitor/s, 'and says so');
is(run_tool([ 'verify', @nobody, '--standby-port', $standby_port ], %nobody)->{status}, 4, 'nor can it find the name');
$primary->psql_ok('GRANT pg_monitor TO nobody_special');
ok(poll_until(sub { run_tool([ 'status', @nobody ], %nobody)->{status} == 0 }), 'a monitor sees the status');
my $monitor = run_tool([ 'verify', @nobody, '--standby-port', $standby_port ], %nobody);
is($monitor->{status}, 1, 'but may not write the marker');
like($monitor->{stderr}, qr/permission denied.*HINT: .*GRANT EXECUTE ON FUNCTION replica\.write_marker/s, 'and is told the grants');

# --- what is not well -------------------------------------------------------------------------------------------------------
sub on_standby { return psql_value($host, $standby_port, 'postgres', $primary->passfile, $_[0]); }
on_standby('SELECT pg_wal_replay_pause()');
$primary->psql_ok('CREATE TABLE more AS SELECT generate_series(1, 1000) AS i');
my $paused = run_tool([ @verify, '--timeout', 5 ], %login);
is($paused->{status}, 1, 'a paused standby is not proven');
like($paused->{stderr}, qr/replay is paused on the standby.*pg_wal_replay_resume/s, 'and the cause is named at once');
isnt(run_tool([ 'status', @standby ], %login)->{status}, 0, 'status of the paused standby is not ok');
on_standby('SELECT pg_wal_replay_resume()');

stop_server($standby_data, 'fast');
my $absent = run_tool([ 'status', @connection ], %login);
is($absent->{status}, 2, 'a standby that is gone is critical');
like($absent->{stdout}, qr/^critical .*slot_s1 .*\n    \S/m, 'and the reason stands below it');
is(decode_json(run_tool([ 'status', @connection, '--format', 'json' ], %login)->{stdout})->{servers}[0]{standbys}[0]{health}, 'critical', 'in JSON, too');

$primary->psql_ok("SELECT FROM replica.drop_slot('slot_s1')");
ok(start_standby(), 'the standby starts without its slot');
my $slotless = run_tool([@verify], %login);
is($slotless->{status}, 1, 'and is not proven');
like($slotless->{stderr}, qr/the replication slot "slot_s1" does not exist on the primary.*replica\.create_slot\('slot_s1'\)/s, 'with the slot named');
$primary->psql_ok("SELECT FROM replica.create_slot('slot_s1')");
is(run_tool([@verify], %login)->{status}, 0, 'with the slot made again it is proven');

my $other = stock_primary('other', extension => 1);
my $foreign = run_tool([ 'verify', $other->connection, '--standby', "host=$host port=$standby_port" ],
	passfile => write_passfile($primary->base . '/both', [ '*', '*', '*', 'postgres', $primary->password ]));
is($foreign->{status}, 1, 'a standby of another cluster is not proven');
like($foreign->{stderr}, qr/the standby belongs to another cluster than the primary/, 'and it says so');

done_testing();
