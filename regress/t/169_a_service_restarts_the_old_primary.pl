# A service starts the old primary again whenever its server is gone, as systemd does with Restart=always: during a switchover,
# after a tool that was killed, after a crash in the middle, and after a promotion. A fenced server never takes writes.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use CommitWriter;
use POSIX ();
use ReplicaTest;
use Test::More;
use Time::HiRes qw(sleep time);

my $primary = stock_primary('primary', config => "wal_retrieve_retry_interval = 200ms\n");
my @as_admin = (passfile => $primary->passfile);
my %port = (one => $primary->port, two => free_port());
my %directory = (one => $primary->data_dir, two => new_standby_directory($primary, 'two'));
stop_at_end($directory{one});

sub on { my ($name, $sql) = @_; return psql_value('127.0.0.1', $port{$name}, 'postgres', $primary->passfile, $sql) }
sub login { return ('-w', '-h', '127.0.0.1', '-p', $port{ $_[0] }, '-U', 'postgres', '-d', 'postgres') }
sub arguments { my ($from, $to) = @_; return [ 'switchover', login($to), '-D', $directory{$from}, '--name', $from, '--bindir', bindir(), '--prepare' ] }
sub switchover { return run_tool(arguments(@_), @as_admin) }
sub role { my ($name) = @_; return on($name, 'SELECT pg_is_in_recovery()') // '' }
sub processes { my ($name) = @_; return slurp("$directory{$name}/postmaster.pid") =~ /\A(\d+)/ }
sub said { my ($file, $text) = @_; return poll_until(sub { -e $file && index(slurp($file), $text) >= 0 }, 30) }

# --- the service

my (%service, %log, %read);
END { local $?; kill 'KILL', values %service }

# service(name, [program that has to agree]): starts the server whenever none runs; what it and the server say goes to a log
sub service
{
	my ($name, $guard) = @_;
	$log{$name} = $primary->base . "/service_$name";
	PostgreSQL::Test::Utils::append_to_file($log{$name}, "the service is there\n");
	my $pid = fork();
	return $service{$name} = $pid if $pid;
	%ENV = (PATH => $ENV{PATH}, LC_ALL => 'C', PGPASSFILE => $primary->passfile);
	open(STDOUT, '>>', $log{$name});
	open(STDERR, '>&', \*STDOUT);
	while (1)
	{
		sleep(0.02);
		my ($running) = -e "$directory{$name}/postmaster.pid" ? processes($name) : ();
		next if $running && kill 0, $running;
		next if $guard && system(@$guard) != 0;
		system('pg_ctl', '-s', '-w', '-t', 20, '-D', $directory{$name}, '-l', $log{$name}, 'start');
	}
}
sub end_service { my ($name) = @_; my $pid = delete $service{$name}; kill 'KILL', $pid; waitpid($pid, 0); return }

# What the servers that it has started were since it was asked last: "ready to accept connections" is said by a primary only.
sub log_of { my ($name) = @_; return substr(slurp($log{$name}), $read{$name} || 0) }
sub forget_log { my ($name) = @_; $read{$name} = -s $log{$name}; return }
sub was_never_primary
{
	my ($name, $when) = @_;
	my $log = log_of($name);
	unlike($log, qr/database system is ready to accept connections/, "$when: what the service has started never took writes");
	return $log;
}
sub started_standbys { my ($log) = @_; return scalar(() = $log =~ /database system is ready to accept read.only connections/g) }

my $clone = run_tool(clone_arguments($primary, $directory{two}, $port{two}, 'two', '--prepare'), @as_admin);
is($clone->{status}, 0, 'a standby is made') or BAIL_OUT($clone->{output});
$primary->psql_ok('CREATE TABLE numbers (n bigint PRIMARY KEY)');
my $file = $primary->base . '/acknowledged';
my $writer = fork();
if ($writer == 0)
{
	%ENV = (PATH => $ENV{PATH}, PGPASSFILE => $primary->passfile);
	CommitWriter::run("host=127.0.0.1,127.0.0.1 port=$port{one},$port{two} user=postgres dbname=postgres target_session_attrs=read-write connect_timeout=5", $file);
	POSIX::_exit(0);
}
poll_until(sub { -s $file }, 20);

# --- a switchover

service('one');
my $result = switchover('one', 'two');
is($result->{status}, 0, 'a service that restarts the old primary is not in the way') or diag($result->{output});
is(role('one') . role('two'), 'tf', 'the roles are changed');
cmp_ok(started_standbys(was_never_primary('one', 'after a switchover')), '>=', 1, 'and the service has started it as a standby');
ok(!-e "$directory{one}/pg_replica.switchover", 'no mark is left');

$result = switchover('two', 'one');
is($result->{status}, 0, 'and back') or diag($result->{output});
is(role('one') . role('two'), 'ft', 'as before');

# --- the primary crashes when it is fenced and has not ended, and the tool is killed

# hold_fenced(): the tool has told the primary to stop, and is killed; the primary stands still, before that. Its process.
my $output = $primary->base . '/held';
sub hold_fenced
{
	my ($meanwhile) = @_;
	ok(poll_until(sub { (on('one', q{SELECT state FROM pg_stat_replication WHERE application_name = 'two'}) // '') eq 'streaming' }, 30), 'the standby streams');
	my $replay = on('two', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'startup'});
	unlink $output;
	kill 'STOP', $replay;
	my $tool = start_tool(arguments('one', 'two'), @as_admin, output => $output);
	ok(said($output, 'Write a checkpoint on the primary'), 'a switchover waits for a standby that does not replay') or diag(slurp($output));
	$meanwhile->() if $meanwhile;
	my ($postmaster) = processes('one');
	kill 'STOP', $postmaster;
	kill 'CONT', $replay;
	ok(said($output, 'Stop this server'), 'then the primary is told to stop, and does not');
	ok(-e "$directory{one}/standby.signal", 'it is fenced');
	kill 'KILL', $tool;
	waitpid($tool, 0);
	return $postmaster;
}

forget_log('one');
my $postmaster = hold_fenced(sub { ok(defined on('one', q{ALTER SYSTEM SET work_mem = '7MB'}), 'a setting is changed meanwhile') });
kill 'KILL', $postmaster;
ok(poll_until(sub { role('one') eq 't' }, 30), 'it crashes, and the service starts it: as a standby');
was_never_primary('one', 'after a crash');
is(role('two'), 't', 'the other one is a standby still');
$result = switchover('one', 'two');
is($result->{status}, 5, 'the end of its WAL is not known') or diag($result->{output});
like($result->{stderr}, qr/is the primary, as before/, 'it becomes the primary again, and that is said');
is(role('one') . role('two'), 'ft', 'and it is, whoever has started it');

# --- the tool is killed when the primary has ended

end_service('one');
$postmaster = hold_fenced();
forget_log('one');
service('one');
kill $_, $postmaster for qw(INT CONT);
ok(poll_until(sub { started_standbys(log_of('one')) }, 30), 'the stopped primary is started as a standby by the service');
$result = switchover('one', 'two');
is($result->{status}, 0, 'the same command goes on: its checkpoint is where its WAL ends') or diag($result->{output});
is(role('one') . role('two'), 'tf', 'the roles are changed');
was_never_primary('one', 'after a killed switchover');
is(on('one', 'SHOW work_mem'), '7MB', 'the setting that was changed during a switchover is there');
end_service('one');

kill 'TERM', $writer;
waitpid($writer, 0);
my ($acknowledged) = CommitWriter::read_file($file);
cmp_ok(scalar(@$acknowledged), '>', 20, 'a client has written all the time');
my %there = map { $_ => 1 } split /\n/, on('two', 'SELECT n FROM numbers');
is(join(',', grep { !$there{$_} } @$acknowledged), '', 'nothing that was acknowledged is lost');

# --- a promotion: the service asks the guard first, which asks the new primary

# a primary that never was a standby follows nobody when its service starts it in the middle of a rejoin
on('two', "ALTER SYSTEM RESET $_") for qw(primary_conninfo primary_slot_name);
my $peer = "host=127.0.0.1 port=$port{one} user=postgres dbname=postgres";
poll_until(sub { (on('one', 'SELECT pg_last_wal_replay_lsn()') // '') eq (on('two', 'SELECT pg_current_wal_lsn()') // 'x') }, 20);
stop_server($directory{two}, 'immediate');
$result = run_tool([ 'promote', '-w', '-D', $directory{one}, '-U', 'postgres' ], @as_admin);
is($result->{status}, 0, 'the primary is lost, and its standby promoted') or diag($result->{output});
service('two', [ tool_path(), 'guard', '-D', $directory{two}, '--bindir', bindir(), '--peer', $peer ]);
ok(poll_until(sub { (() = slurp($log{two}) =~ /must not start as a primary/g) >= 3 }, 30), 'its service is forbidden to start it, again and again');
ok(!-e "$directory{two}/postmaster.pid" || role('two') eq '', 'it does not run');
$result = run_tool([ 'rejoin', '--prepare', login('one'), '-D', $directory{two}, '--name', 'two', '--bindir', bindir() ], @as_admin);
is($result->{status}, 0, 'it rejoins') or diag($result->{output});
is(role('one') . role('two'), 'ft', 'as a standby');
was_never_primary('two', 'after a promotion');
end_service('two');

done_testing();
