# What replica.hba_decision says is what a connection gets; what replica.allow_standby changes takes effect at once,
# loses nothing of the file, and leaves it as it was when something fails.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use POSIX ();
use ReplicaTest;
use Test::More;

my $primary = stock_primary('primary', extension => 1);
my $hba = $primary->data_dir . '/pg_hba.conf';
my $administrator = "local all postgres trust\nhost all postgres 127.0.0.1/32 scram-sha-256\n";
$primary->psql_ok("CREATE ROLE rep LOGIN REPLICATION PASSWORD 'rep'; CREATE ROLE other LOGIN REPLICATION PASSWORD 'rep'");
my $passfile = write_passfile($primary->base . '/rep_passfile', [ '*', '*', '*', 'rep', 'rep' ], [ '*', '*', '*', 'other', 'rep' ]);

# Puts the file in place as an editor would and has the server load it.
sub set_rules
{
	my ($rules) = @_;
	write_text($hba, $administrator . $rules);
	$primary->psql_ok('SELECT pg_reload_conf()');
	return poll_until(sub { $primary->psql_ok(q{SELECT pg_conf_load_time() >= (pg_stat_file(current_setting('hba_file'))).modification}) eq 't' });
}

# What a physical replication connection over TCP gets: "accept" or the reason.
sub attempt
{
	my ($role) = @_;
	my $result = run_program([ 'psql', '-XAtqw', '-c', 'IDENTIFY_SYSTEM', 'host=127.0.0.1 port=' . $primary->port
		  . " user=$role replication=true sslmode=disable gssencmode=disable" ], passfile => $passfile);
	return 'accept' if $result->{status} == 0;
	return 'reject' if $result->{stderr} =~ /pg_hba\.conf rejects/;
	return 'no match' if $result->{stderr} =~ /no pg_hba\.conf entry/;
	return $result->{stderr};
}

sub decision
{
	my ($role) = @_;
	return $primary->psql_ok("SELECT decision FROM replica.hba_decision('$role', '127.0.0.1')");
}

sub allow
{
	my ($arguments) = @_;
	return $primary->psql("SELECT changed FROM replica.allow_standby($arguments)");
}

# psql that says which error it was
sub failure
{
	my ($sql, $options) = @_;
	my $result = run_program([ 'psql', '-XAtqw', '-v', 'VERBOSITY=verbose', $primary->connection, '-c', $sql ],
		passfile => $primary->passfile, env => { PGOPTIONS => $options || '' });
	return $result->{status} == 0 ? 'no error' : $result->{stderr};
}

my %causes = (
	'no line for replication' => [ "host all all 127.0.0.1/32 scram-sha-256\n", 'no match', 'only the keyword replication' ],
	'a reject above' => [ "host replication all 127.0.0.1/32 reject\nhost replication rep 127.0.0.1/32 scram-sha-256\n", 'reject', 'decides: rejected' ],
	'a wrong mask' => [ "host replication rep 127.0.0.8/29 scram-sha-256\n", 'no match', 'is for 127.0.0.8/29, not for 127.0.0.1' ],
	'hostssl without TLS' => [ "hostssl replication rep 127.0.0.1/32 scram-sha-256\n", 'no match', 'is for TLS connections only' ],
	'upper case' => [ "host replication Rep 127.0.0.1/32 scram-sha-256\n", 'no match', 'upper and lower case differ' ],
	'replication in quotes' => [ "host \"replication\" rep 127.0.0.1/32 scram-sha-256\n", 'no match', 'in quotes it is not the keyword' ],
);
for my $cause (sort keys %causes)
{
	my ($rules, $expected, $reason) = @{ $causes{$cause} };
	set_rules($rules) or die 'the rules were not loaded';
	is(decision('rep'), $expected, "$cause: the decision is \"$expected\"");
	is(attempt('rep'), $expected, "$cause: a connection gets the same");
	like($primary->psql_ok("SELECT explanation FROM replica.hba_decision('rep', '127.0.0.1')"), qr/$reason/, "$cause: the reason is given");
	is(allow("'rep', '127.0.0.1'"), 't', "$cause: a line is added");
	is(attempt('rep'), 'accept', "$cause: and takes effect at once");
	is(decision('rep'), 'accept', "$cause: and the decision says so");
	is(allow("'rep', '127.0.0.1'"), 'f', "$cause: a second call changes nothing");
	is(decision('other'), attempt('other'), "$cause: another role gets what it got before");
	is($primary->psql_ok("SELECT changed FROM replica.disallow_standby('rep', '127.0.0.1')"), 't', "$cause: the line is taken out");
	is(slurp($hba), $administrator . $rules, "$cause: and the file is as it was");
	is(attempt('rep'), $expected, "$cause: and so is the answer");
}

# --- the file is kept as it is ---

my $rules = "host replication other 127.0.0.1/32 scram-sha-256 # no line end, continued \\";
set_rules($rules);
chmod 0640, $hba;
is(allow("'rep', '127.0.0.1'"), 't', 'a line is added behind an open end');
is(attempt('rep'), 'accept', 'and takes effect');
is(attempt('other'), 'accept', 'and the line before it still does');
is((stat $hba)[2] & 07777, 0640, 'the mode is kept');
is(slurp("$hba.pg_replica-backup"), $administrator . $rules, 'the backup is the file before the change');
is((stat "$hba.pg_replica-backup")[2] & 07777, 0640, 'and has its mode');
ok(!-e "$hba.pg_replica-new", 'no temporary file is left');

# --- sessions in parallel lose nothing ---

set_rules('');
my @sessions = map {
	my $pid = fork();
	die "cannot fork: $!" unless defined $pid;
	if ($pid == 0)
	{
		my $result = run_program([ 'psql', '-XAtqw', $primary->connection, '-c', "SELECT changed FROM replica.allow_standby('rep', '192.0.2.$_')" ],
			passfile => $primary->passfile);
		POSIX::_exit($result->{stdout} eq "t\n" ? 0 : 1);
	}
	$pid
} 1 .. 8;
my $failed = grep { waitpid($_, 0); $? != 0 } @sessions;
is($failed, 0, '8 sessions edit the file at once, each with success');
is($primary->psql_ok("SELECT count(DISTINCT address), count(*), count(error) FROM pg_hba_file_rules WHERE 'rep' = ANY (user_name)"),
	'8|8|0', 'and 8 good lines are there');

# --- a waiting session can be cancelled ---

my $holder = fork();
if ($holder == 0)
{
	$primary->psql("SELECT pg_sleep(3) FROM replica.allow_standby('rep', '192.0.2.100')");
	POSIX::_exit(0);
}
poll_until(sub { $primary->psql_ok("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = 0 AND granted") eq '1' });
like(failure("SELECT * FROM replica.allow_standby('rep', '192.0.2.101')", '-c lock_timeout=200ms'), qr/55P03/, 'lock_timeout ends the wait for another session');
waitpid($holder, 0);

# --- a file with an error is not touched ---

for my $broken ('host replication rep 10.0.0.5 scram-sha-256', 'host all all 10.0.0.0/33 md5', 'host all all 10.0.0.0/8 scram', "host all \"all 10.0.0.0/8 md5")
{
	set_rules("$broken\n");
	my $before = slurp($hba);
	like(failure("SELECT * FROM replica.allow_standby('rep', '127.0.0.1')"),
		qr/F0000: pg_hba\.conf has an error and is not touched\nDETAIL:  Line 3 of /, "refused, the line named: $broken");
	is(slurp($hba), $before, 'and the file is untouched');
	is($primary->psql_ok("SELECT decision, line_number FROM replica.hba_decision('rep', '127.0.0.1')"), 'unknown|3', 'the decision is unknown and names the line');
}

# --- a file changed without a reload is said to be ---

set_rules('');
write_text($hba, slurp($hba) . "host replication rep 127.0.0.1/32 reject\n");
like($primary->psql_ok("SELECT explanation FROM replica.hba_decision('rep', '127.0.0.1')"), qr/changed after the configuration was last loaded/, 'a change that is not loaded yet is mentioned');

# --- what the server would not take is put back ---

set_rules('');
# stands in for a server that refuses the new line for a reason of its own
my $columns = $primary->psql_ok(q{SELECT string_agg(CASE attname
	WHEN 'type' THEN 'CASE WHEN ''rep'' <> ALL (user_name) THEN type END AS type'
	WHEN 'error' THEN 'CASE WHEN ''rep'' = ANY (user_name) THEN ''planted'' ELSE error END AS error'
	ELSE quote_ident(attname) END, ', ' ORDER BY attnum)
	FROM pg_attribute WHERE attrelid = 'pg_hba_file_rules'::regclass AND attnum > 0});
my $view = 'CREATE OR REPLACE VIEW pg_catalog.pg_hba_file_rules AS SELECT %s FROM pg_hba_file_rules()';
run_program([ 'psql', '-Xqw', '-v', 'ON_ERROR_STOP=1', $primary->connection, '-c', sprintf($view, $columns) ],
	passfile => $primary->passfile, env => { PGOPTIONS => '-c allow_system_table_mods=on' })->{status} == 0 or die 'no view';
my $kept = slurp($hba);
like(failure("SELECT * FROM replica.allow_standby('rep', '127.0.0.1')"),
	qr/F0000: the server refuses the changed pg_hba\.conf\nDETAIL:  Line 3: planted\. The file was put back as it was\./,
	'a line that the server refuses is an error');
is(slurp($hba), $kept, 'and the file is byte for byte as it was');
ok(!-e "$hba.pg_replica-new", 'and no temporary file is left');
run_program([ 'psql', '-Xqw', '-v', 'ON_ERROR_STOP=1', $primary->connection, '-c', sprintf($view, '*') ],
	passfile => $primary->passfile, env => { PGOPTIONS => '-c allow_system_table_mods=on' })->{status} == 0 or die 'no view';
is(allow("'rep', '127.0.0.1'"), 't', 'without the refusal the same call succeeds');

# --- a directory that cannot be written ---

SKIP:
{
	skip 'root writes everywhere', 2 if $> == 0;
	set_rules('');
	my $before = slurp($hba);
	chmod 0500, $primary->data_dir;
	my $error = failure("SELECT * FROM replica.allow_standby('rep', '127.0.0.1')");
	chmod 0700, $primary->data_dir;
	like($error, qr/42501: could not create file .*HINT:  The server's operating system user/s, 'a read-only directory is an error with a hint');
	is(slurp($hba), $before, 'and the file is untouched');
}

# --- with and without TLS ---

SKIP:
{
	my ($key, $certificate) = map { $primary->data_dir . "/server.$_" } qw(key crt);
	skip 'no openssl', 6 if run_program([ 'openssl', 'req', '-new', '-x509', '-days', '3', '-nodes', '-subj', '/CN=x', '-out', $certificate, '-keyout', $key ])->{status};
	chmod 0600, $key;
	set_rules('');
	like(failure("SELECT * FROM replica.allow_standby('rep', '127.0.0.1', 'hostssl')"), qr/55000: connection type "hostssl" cannot match/, 'hostssl is refused while ssl is off');
	$primary->psql_ok('ALTER SYSTEM SET ssl = on');
	set_rules("hostnossl replication rep 127.0.0.1/32 reject\n");
	poll_until(sub { $primary->psql_ok('SHOW ssl') eq 'on' });
	is(allow("'rep', '127.0.0.1', 'hostssl'"), 't', 'hostssl is taken with ssl on');
	is($primary->psql_ok("SELECT decision, line_number FROM replica.hba_decision('rep', '127.0.0.1', tls => true)"), 'accept|4', 'the decision with TLS is the new line');
	is(run_program([ 'psql', '-XAtqw', '-c', 'IDENTIFY_SYSTEM', 'host=127.0.0.1 port=' . $primary->port . ' user=rep replication=true sslmode=require' ],
		passfile => $passfile)->{status}, 0, 'and a connection with TLS is let in');
	is(decision('rep'), 'reject', 'the decision without TLS is the line before');
	is(attempt('rep'), 'reject', 'and a connection without TLS is rejected');
	$primary->psql_ok('ALTER SYSTEM RESET ssl');
}

# --- a link is followed, a file outside the data directory is edited where it is ---

my $outside = $primary->base . '/etc';
mkdir $outside;
write_text("$outside/real.conf", $administrator);
symlink('real.conf', "$outside/link.conf") or die "symlink: $!";
$primary->configure("hba_file = '$outside/link.conf'");
$primary->restart;
my $untouched = slurp($hba);
is($primary->psql_ok("SELECT file_name, changed FROM replica.allow_standby('rep', '127.0.0.1')"), "$outside/link.conf|t", 'hba_file names the file, not the data directory');
is(attempt('rep'), 'accept', 'and the line takes effect');
ok(-l "$outside/link.conf", 'the link is still a link');
like(slurp("$outside/real.conf"), qr/^host replication "rep" 127\.0\.0\.1\/32 scram-sha-256 # added by pg_replica$/m, 'and what it points to has the line');
is(slurp($hba), $untouched, 'the file in the data directory is untouched');

# --- a full disk ---

SKIP:
{
	my $full = $ENV{PG_REPLICA_SMALL_DISK};
	skip 'no small disk: set PG_REPLICA_SMALL_DISK to a directory on a file system of at most 100 MB', 3 unless $full;
	write_text("$full/pg_hba.conf", $administrator);
	$primary->configure("hba_file = '$full/pg_hba.conf'");
	$primary->restart;
	open(my $filler, '>', "$full/filler") or die "filler: $!";
	1 while syswrite($filler, 'x' x 512);
	close $filler;
	like(failure("SELECT * FROM replica.allow_standby('rep', '127.0.0.1')"), qr/53100: could not (write|create) file/, 'a full disk is an error');
	is(slurp("$full/pg_hba.conf"), $administrator, 'and the file is byte for byte as it was');
	unlink "$full/filler";
	is(allow("'rep', '127.0.0.1'"), 't', 'with room again it succeeds');
}

done_testing();
