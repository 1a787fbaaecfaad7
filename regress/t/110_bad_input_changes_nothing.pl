# Bad input gets an error with a hint and a fixed exit code, quickly, and nothing is changed on either side.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use IO::Socket::INET;
use IPC::Run ();
use ReplicaTest;
use Test::More;

my $primary = stock_primary('primary');
my $base = $primary->base;
my $directory = new_standby_directory($primary);
my $port = free_port();
my $hba = $primary->data_dir . '/pg_hba.conf';
$primary->psql_ok(q{CREATE ROLE plain LOGIN PASSWORD 'plain'});
$primary->psql_ok(q{CREATE ROLE repl LOGIN REPLICATION PASSWORD 'right'});
$primary->psql_ok('CREATE DATABASE without');
$primary->psql_ok('CREATE EXTENSION pg_replica');

my @admin_line = ('*', '*', '*', 'postgres', $primary->password);
my $admin = $primary->passfile;
my $nobody = write_passfile("$base/empty_passfile");

# refused(title, exit status, pattern, arguments, options): run, compare both sides before and after
sub refused
{
	my ($title, $status, $pattern, $arguments, %options) = @_;
	my $target = $options{directory} || $directory;
	my ($server_before, $tree_before) = (server_state($primary), tree_of($target));
	my $result = run_tool($arguments, passfile => $options{passfile} || $admin, env => $options{env}, timeout => 60);
	is($result->{status}, $status, "$title: exit status $status");
	like($result->{stderr}, $pattern, "$title: the message says what is wrong");
	like($result->{stderr}, qr/^HINT: /m, "$title: a hint says what mends it");
	unlike($result->{output}, qr/\Q@{[$primary->password]}\E/, "$title: no password is printed");
	cmp_ok($result->{seconds}, '<', 30, "$title: it does not hang");
	is(server_state($primary), $server_before, "$title: nothing changed on the primary");
	is(tree_of($target), $tree_before, "$title: nothing changed in the directory");
	return $result;
}

# arguments of clone with some replaced
sub clone_with
{
	my (%changed) = @_;
	my %value = ('-h' => '127.0.0.1', '-p' => $primary->port, '-U' => 'postgres', '-d' => 'postgres', '-D' => $directory,
		'--port' => $port, '--name' => 'standby1', '--bindir' => bindir(), %changed);
	my @more = @{ delete $value{more} || ['--prepare'] };
	return [ 'clone', @more, map { ($_, $value{$_}) } sort keys %value ];
}

# --- reaching the primary

my $closed = free_port();
refused('closed port', 3, qr/refused/, clone_with('-p' => $closed));
refused('unknown host', 3, qr/no-such-host\.invalid/, clone_with('-h' => 'no-such-host.invalid'));
refused('wrong password', 3, qr/password authentication failed/, clone_with(),
	passfile => write_passfile("$base/wrong", [ '*', '*', '*', 'postgres', 'wrong' ]));
refused('no password and no terminal', 3, qr/No line of the password file \Q$nobody\E fits; add this one, .*:postgres:PASSWORD/,
	clone_with(), passfile => $nobody);
my $loose = write_passfile("$base/loose_passfile", \@admin_line);
chmod 0644, $loose;
refused('a password file that others may read', 3, qr/chmod 600 \Q$loose\E/, clone_with(), passfile => $loose);
refused('unknown role', 3, qr/authentication failed/, clone_with('-U' => 'nobody_there'),
	passfile => write_passfile("$base/unknown", [ '*', '*', '*', 'nobody_there', 'x' ]));
refused('unknown database', 3, qr/"nowhere" does not exist.*^HINT: .*otherwise check -d and -U/ms, clone_with('-d' => 'nowhere'));

my $silent = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1');
refused('a server that never answers', 3, qr/timeout|no answer|did not answer/i, clone_with('-p' => $silent->sockport));
close $silent;

# packets that are dropped: nobody accepts, so the queue of this socket fills up and the kernel drops what comes then
my $dropping = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die "cannot listen: $!";
listen($dropping, 0) or die "cannot listen: $!";
my @queued = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $dropping->sockport, Timeout => 1) } 1 .. 3;
ok(!defined $queued[-1], 'the queue is full: a connection gets no answer');
refused('packets that are dropped', 3, qr/timeout/, clone_with('-p' => $dropping->sockport));
close $_ for grep { defined } @queued, $dropping;

# --- a primary without a free connection; what replicates has connections of its own

sub without_a_free_connection
{
	my $full = stock_primary('full', config => "max_connections = 2\nsuperuser_reserved_connections = 0\n");
	my $before = server_state($full);
	local $ENV{PGPASSFILE} = $full->passfile;
	my @holder = ('sh', '-c', 'until psql "$@" -c "SELECT pg_sleep(300)"; do sleep 0.1; done', 'sh', '-XAtqw', $full->connection);
	my @holders = map { IPC::Run::start(\@holder, '<', \'', '>', '/dev/null', '2>', '/dev/null') } 1 .. 2;
	my $is_full = sub { !defined $full->psql('SELECT 1') };
	poll_until(sub { $is_full->() && sleep(1) && $is_full->() }) or die 'there is a free connection still';
	for my $as ('clone', 'clone --dry-run')
	{
		my $result = run_tool(clone_with('-p' => $full->port, more => [ '--prepare', $as =~ /dry/ ? '--dry-run' : () ]), passfile => $full->passfile);
		is($result->{status}, 3, "no free connection, $as: exit status 3");
		like($result->{stderr}, qr/too many clients/, "no free connection, $as: the server's message is passed on");
		like($result->{stderr}, qr/^HINT: .*max_connections leaves a connection free/m, "no free connection, $as: the hint names the setting");
		ok(!-e $directory, "no free connection, $as: no directory is made");
	}
	$_->kill_kill for @holders;
	$full->restart; # the server itself ends no statement whose client is gone
	is(server_state($full), $before, 'no free connection: nothing changed on the primary');
	return $full->stop('fast');
}
without_a_free_connection();

# --- rights and the state of the primary

refused('no superuser', 4, qr/not a superuser/, clone_with('-U' => 'plain'),
	passfile => write_passfile("$base/plain", [ '*', '*', '*', 'plain', 'plain' ]));
my $no_grants = refused('no grants', 4, qr/lacks rights .*GRANT pg_monitor TO "plain"; GRANT USAGE ON SCHEMA replica TO "plain"; GRANT EXECUTE ON FUNCTION replica\.create_slot\(text\), replica\.drop_slot\(text\), replica\.read_marker\(text\), replica\.write_marker\(text\) TO "plain"; GRANT SELECT, INSERT, UPDATE ON replica\.marker TO "plain";/s,
	clone_with('-U' => 'plain', more => ['-w']),
	passfile => write_passfile("$base/plain_again", [ '*', '*', '*', 'plain', 'plain' ]));
my ($grants) = $no_grants->{stderr} =~ /of the primary: (GRANT.*;)$/m;
$primary->psql_ok($grants);
refused('the printed grants suffice', 4, qr/\A(?!.*lacks rights).*"replicator_standby1" does not exist/s,
	clone_with('-U' => 'plain', more => ['-w']),
	passfile => write_passfile("$base/plain_granted", [ '*', '*', '*', 'plain', 'plain' ]));
refused('extension not created', 4, qr/extension pg_replica is not created/, clone_with('-d' => 'without', more => ['-w']));
refused('unknown replication role', 4, qr/"missing" does not exist/, clone_with('--replication-user' => 'missing', more => ['-w']));
refused('wrong replication password', 4, qr/"repl" cannot log in for replication/,
	clone_with('--replication-user' => 'repl', more => ['-w']),
	passfile => write_passfile("$base/wrong_replication", \@admin_line, [ '*', '*', '*', 'repl', 'wrong' ]));
refused('no replication password', 4, qr/"repl" cannot log in for replication/,
	clone_with('--replication-user' => 'repl', more => ['-w']));
refused('a role that may not replicate', 4, qr/"plain" cannot log in for replication/,
	clone_with('--replication-user' => 'plain', more => ['-w']),
	passfile => write_passfile("$base/not_replication", \@admin_line, [ '*', '*', '*', 'plain', 'plain' ]));
$primary->psql_ok(q{SELECT pg_create_physical_replication_slot('standby1', true)});
refused('slot of somebody else', 4, qr/slot "standby1" exists/, clone_with());
$primary->psql_ok(q{SELECT pg_drop_replication_slot('standby1')});

# --- the target

my $occupied = "$base/occupied";
mkdir $occupied;
PostgreSQL::Test::Utils::append_to_file("$occupied/precious", 'data');
refused('target not empty', 4, qr/not an empty directory/, clone_with('-D' => $occupied), directory => $occupied);
refused('target is a file', 4, qr/not an empty directory/, clone_with('-D' => "$occupied/precious"), directory => $occupied);
refused('target inside the primary', 4, qr/which belongs to a server/, clone_with('-D' => $primary->data_dir . '/base/standby'),
	directory => $primary->data_dir . '/base/standby');
refused('target is the primary', 4, qr/a server runs in/, clone_with('-D' => $primary->data_dir), directory => "$primary->{data}/global");
refused('no parent directory', 4, qr/cannot be created/, clone_with('-D' => "$base/no/such/parent"), directory => "$base/no");
mkdir "$base/locked", 0500;
SKIP: {
	skip 'root may write everywhere', 7 if $> == 0;
	refused('parent not writable', 4, qr/cannot be created/, clone_with('-D' => "$base/locked/standby"), directory => "$base/locked");
}
refused('port in use', 4, qr/port @{[$primary->port]} is in use/, clone_with('--port' => $primary->port));

# --- prepare, also as a dry run

for my $dry ([], ['--dry-run'])
{
	my $as = @$dry ? 'prepare --dry-run' : 'prepare';
	my $with = sub {
		my ($address, $passfile) = @_;
		return [ 'prepare', @$dry, $primary->connection, '--replication-user', 'fresh', '--standby-address', $address, '--passfile', $passfile ];
	};
	refused("$as: no address", 2, qr/"foo" is not an IP address/, $with->('foo', "$base/fresh.pass"));
	refused("$as: host bits", 2, qr/means the whole network 10\.1\.0\.0\/24/, $with->('10.1.0.5/24', "$base/fresh.pass"));
	refused("$as: half of the internet", 2, qr/admits more than it says/, $with->('0.0.0.0/1', "$base/fresh.pass"));
	refused("$as: no directory for the passfile", 4, qr/no directory/, $with->('10.1.0.5', "$base/no/such/fresh.pass"));
	SKIP: {
		skip 'root may write everywhere', 7 if $> == 0;
		refused("$as: passfile not writable", 4, qr/may not write/, $with->('10.1.0.5', "$base/locked/fresh.pass"));
	}
}
my $odd = "$base/it's fresh.pass";
my @prepare = ('prepare', $primary->connection, '--replication-user', 'fresh', '--standby-address', '10.1.0.0/24', '--passfile', $odd);
my $planned = run_tool([ @prepare, '--dry-run', '--standbys', 12 ], passfile => $admin);
is($planned->{status}, 0, 'prepare --dry-run of what can be done');
like($planned->{stdout}, qr/Use the extension pg_replica that is on the primary/, 'it knows that the extension is there');
like($planned->{stdout}, qr/^ +max_wal_senders = 14 instead of \d+, from the next restart on$/m, 'and lists what would change');
PostgreSQL::Test::Utils::append_to_file($hba, "host replication all 10.1.0.0/16 reject\n");
my $prepared = run_tool([@prepare], passfile => $admin);
is($prepared->{status}, 0, 'prepare admits a network') or diag($prepared->{output});
like($prepared->{stderr}, qr/^warning: pg_hba\.conf: .*would decide otherwise/m, 'and warns of the line that it overrides');
like($prepared->{stdout}, qr/^    PGPASSFILE='[^\n]*fresh\.pass' pg_replica clone -h \S+ -p \d+ -U postgres -d postgres -D DIRECTORY --replication-user fresh$/m,
	'the command of the next step can be pasted');
like($prepared->{stdout}, qr/password of postgres belongs into it/, 'and whose password it needs');
ok(-e $odd, 'the password file is there');

# --- the command line

refused('port of the primary out of range', 2, qr/"99999" is not a port/, clone_with('-p' => 99999));
refused('port of the primary that is no number', 2, qr/"abc" is not a port/, clone_with('-p' => 'abc'));
refused('host in brackets', 2, qr/without brackets: -h ::1/, clone_with('-h' => '[::1]'));
refused('port out of range', 2, qr/port/, clone_with('--port' => 70000));
refused('no target', 2, qr/pgdata|-D/, [ 'clone', $primary->connection ]);
refused('unknown option', 2, qr/nonsense/, [ 'clone', '--nonsense', '-D', $directory ]);
refused('unknown subcommand', 2, qr/no command "klone"/, ['klone']);
refused('unknown format', 2, qr/--format is table, json, csv, nagios or prometheus, not "yaml"/, [ 'status', $primary->connection, '--format', 'yaml' ]);
refused('empty target', 2, qr/-D is empty/, clone_with('-D' => ''));
foreach my $mapping ('/old', '=/new', '/old=')
{
	refused("tablespace mapping $mapping", 2, qr/"\Q$mapping\E" is not of the form OLDDIR=NEWDIR/, clone_with('-T' => $mapping));
}
refused('name with a line break', 2, qr/control character/, clone_with('--name' => "a\nb"));
refused('name of a role that is too long', 2, qr/too long/, clone_with('--replication-user' => 'x' x 64, more => ['-w']));

SKIP: {
	my @as_root = $> == 0 ? () : ('unshare', '--user', '--map-root-user');
	my $possible = run_program([ @as_root, 'true' ]);
	skip 'this test cannot become root, not even in a user namespace', 3 if $possible->{status} != 0;
	my $before = server_state($primary);
	my $result = run_program([ @as_root, tool_path(), @{ clone_with() } ], passfile => $admin);
	is($result->{status}, 2, 'root without --os-user: exit status 2');
	like($result->{stderr}, qr/must not run as root/, 'root without --os-user: the message says so');
	is(server_state($primary) . tree_of($directory), $before . 'missing', 'root without --os-user: nothing changed');
}

# and after all of it the right command works
my $clone = run_tool(clone_with(), passfile => $admin);
is($clone->{status}, 0, 'the right command succeeds afterwards');

done_testing();
