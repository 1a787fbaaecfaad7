# However the tool is ended in the middle of the copy, its children end with it, no server can be started on what is
# left, and the same command then succeeds.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use Test::More;

my $primary = stock_primary('primary');
$primary->psql_ok('CREATE TABLE filler AS SELECT g, repeat(md5(g::text), 20) FROM generate_series(1, 20000) g');
$primary->psql_ok('CREATE EXTENSION pg_replica');
my $port = free_port();

sub walsenders { return $primary->psql_ok('SELECT count(*) FROM pg_stat_replication') }

# begin(directory, name) -> process id of a clone that is in the middle of its copy
sub begin
{
	my ($directory, $name) = @_;
	my $output = $primary->base . "/$name.output";
	my $pid = start_tool(clone_arguments($primary, $directory, $port, $name, '--prepare', '--max-rate', '6M'),
		passfile => $primary->passfile, output => $output);
	my $copying = poll_until(sub { -e "$directory/pg_replica.partial/base" && walsenders() >= 2 }, 60);
	ok($copying, "$name: the copy has begun") or diag(slurp($output));
	return $pid;
}

# --- kill -9

my $directory = new_standby_directory($primary);
my $pid = begin($directory, 'standby1');
kill 'KILL', $pid;
waitpid($pid, 0);
my $start = time();
ok(poll_until(sub { !processes_naming($directory) }, 5), 'kill -9: no child process is left after 5 s')
  or diag(processes_naming($directory));
ok(poll_until(sub { walsenders() == 0 }, 5), 'kill -9: no walsender is left after 5 s');
cmp_ok(time() - $start, '<=', 5, 'kill -9: all of it within 5 s');

for my $left ($directory, "$directory/pg_replica.partial")
{
	my $result = run_program([ bindir() . '/pg_ctl', '-w', '-t', '10', '-D', $left, '-l', $primary->base . '/start.log',
			'-o', "-p $port", 'start' ]);
	isnt($result->{status}, 0, "kill -9: no server starts on $left");
	ok(!-e "$left/postmaster.pid", 'kill -9: and none is left there');
}

my $again = run_tool(clone_arguments($primary, $directory, $port, 'standby1', '--prepare'), passfile => $primary->passfile);
is($again->{status}, 0, 'kill -9: the same command then succeeds');
is($primary->psql('SELECT slot_name, active FROM pg_replication_slots'), 'standby1|t', 'kill -9: with one slot, in use');
ok(!-e "$directory/pg_replica.partial", 'kill -9: nothing of the first run is left');
stop_server($directory, 'fast');
poll_until(sub { walsenders() == 0 }, 10);

# --- signals that can be caught: everything is undone

my $number = 1;
for my $signal (qw(INT TERM HUP))
{
	$number++;
	my $name = "standby$number";
	$directory = new_standby_directory($primary, $name);
	my $before = server_state($primary);
	$pid = begin($directory, $name);
	kill $signal, $pid;
	$start = time();
	waitpid($pid, 0);
	is($? >> 8, 8, "SIG$signal: exit status 8") or diag(slurp($primary->base . "/$name.output"));
	cmp_ok(time() - $start, '<=', 10, "SIG$signal: within 10 s");
	is(scalar(my @left = processes_naming($directory)), 0, "SIG$signal: no child process is left");
	ok(poll_until(sub { walsenders() == 0 }, 5), "SIG$signal: no walsender is left");
	is(tree_of($directory), 'missing', "SIG$signal: the directory is gone");
	is(server_state($primary), $before, "SIG$signal: slot, role, settings and pg_hba.conf are as before");
}

# --- the primary goes away in the middle

$directory = new_standby_directory($primary, 'standby9');
$pid = begin($directory, 'standby9');
$primary->stop('immediate');
$start = time();
waitpid($pid, 0);
my $status = $? >> 8;
like($status, qr/^[56]$/, 'the primary is stopped: the clone fails with exit status 5 or 6');
cmp_ok(time() - $start, '<=', 60, 'the primary is stopped: within a minute');
is(scalar(my @left = processes_naming($directory)), 0, 'the primary is stopped: no child process is left');
like(slurp($primary->base . '/standby9.output'), qr/standby9/, 'the primary is stopped: what is left is named');
$primary->start;
$again = run_tool(clone_arguments($primary, $directory, $port, 'standby9', '--prepare'), passfile => $primary->passfile);
is($again->{status}, 0, 'the primary is stopped: the same command succeeds when it is back');

done_testing();
