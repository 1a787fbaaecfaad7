# kill -9 at random moments of a refresh: of the tool, of a session of the primary that compares, of the one that holds the backup,
# of the whole primary. Whatever is left: no server starts on it as long as it is not whole, no session stays on the primary, and
# the same command then makes it what the primary is.
#
# PG_REPLICA_KILLS=200 for more moments, PG_REPLICA_SEED to see the same ones again.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use RefreshTest;
use POSIX ();
use Test::More;
use Time::HiRes qw(time sleep);

my $kills = $ENV{PG_REPLICA_KILLS} || 8;
my $seed = length($ENV{PG_REPLICA_SEED} || '') ? $ENV{PG_REPLICA_SEED} : int(time() * 10) % 1000000;
srand($seed);
diag("PG_REPLICA_SEED=$seed PG_REPLICA_KILLS=$kills");

my $primary = refresh_primary();
my ($directory, $port, $base) = (new_standby_directory($primary), free_port(), $primary->base);
my @as_admin = (passfile => $primary->passfile);
my @victims = qw(tool comparing backup primary);
my %count;

is(run_tool(clone_arguments($primary, $directory, $port, 'standby1', '--prepare'), @as_admin)->{status}, 0, 'a standby is made')
  or BAIL_OUT('no standby');

sub sessions { return $primary->psql("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'pg\\_replica%' AND $_[0] LIMIT 1") || () }

# The process ids to kill, none when there is nothing of that kind at this moment.
sub victims_now
{
	my ($kind, $tool) = @_;
	return ($tool) if $kind eq 'tool';
	return sessions(q{query LIKE '%refresh_diff($1)%'}) if $kind eq 'comparing';
	return sessions(q{query LIKE '%backup%'}) if $kind eq 'backup';
	return (slurp($primary->data_dir . '/postmaster.pid') =~ /^(\d+)/);
}

sub revive_primary
{
	return poll_until(
		sub {
			return 1 if defined $primary->psql('SELECT 1');
			run_program([ 'pg_ctl', '-s', '-w', '-t', 20, '-D', $primary->data_dir, '-l', "$base/log", 'start' ]);
			return defined $primary->psql('SELECT 1');
		},
		90);
}

# The directory is a cluster only where it is not being worked on.
sub is_safe
{
	my ($what) = @_;
	my $complete = -e "$directory/global/pg_control";
	my $mark = -e "$directory/pg_replica.refresh" ? slurp("$directory/pg_replica.refresh") : '';
	# with both, it is complete and not proven, or not begun: pg_control as it was, and no file changed yet
	ok($complete || $mark, "$what: what is not whole is marked");
	return if $complete;
	my $start = run_program([ bindir() . '/postgres', '-D', $directory, '-p', free_port() ], timeout => 20);
	like($start->{output}, qr/could not find the database system/, "$what: no server starts on what is left");
	return;
}

# turn(number, kind, seconds): one refresh that is hit
sub turn
{
	my ($number, $kind, $delay) = @_;
	my $output = "$base/turn$number.output";
	my $tool = start_tool(refresh_arguments($primary, $directory, '-j', 1 + $number % 2), @as_admin, output => $output);
	my ($start, $ended, @hit) = (time(), 0);
	while (!@hit && !$ended)
	{
		sleep 0.005;
		$ended = waitpid($tool, POSIX::WNOHANG()) == $tool;
		next if $ended || time() - $start < $delay;
		@hit = victims_now($kind, $tool);
		kill 'KILL', @hit if @hit;
	}
	my $what = sprintf '%d: %s after %.2f s', $number, $kind, time() - $start;
	$ended = $ended || poll_until(sub { waitpid($tool, POSIX::WNOHANG()) == $tool }, 90);
	kill 'KILL', $tool unless $ended;
	ok($ended, "$what: the tool ends") or diag(slurp($output));
	$count{ @hit ? $kind : 'over before' }++;
	ok(revive_primary(), "$what: the primary is there") or BAIL_OUT('no primary');
	ok(poll_until(sub { !sessions('true') }, 60), "$what: no session is left")
	  or diag(slurp($output), $primary->psql('SELECT pid, backend_type, application_name, backend_start, state, query FROM pg_stat_activity'));
	if (!-e "$directory/postmaster.pid" || slurp("$directory/postmaster.pid") !~ /^(ready|standby|starting)/m) { is_safe($what) }
	# a server that was started outlives the tool
	poll_until(sub { slurp("$directory/postmaster.pid") =~ /^(ready|standby)/m }, 20) if -e "$directory/postmaster.pid";
	stop_server($directory, 'fast');
	my $again = run_tool(refresh_arguments($primary, $directory), @as_admin);
	is($again->{status}, 0, "$what: the same command then succeeds") or diag(slurp($output), $again->{output});
	is_the_same($primary, $directory, $port, $what);
	return;
}

# How long one takes, so that the moments lie all over it.
stop_server($directory, 'fast');
change_some($primary);
my $start = time();
is(run_tool(refresh_arguments($primary, $directory), @as_admin)->{status}, 0, 'a refresh that nothing hits succeeds');
my $duration = time() - $start;
stop_server($directory, 'fast');

for my $number (1 .. $kills)
{
	change_some($primary);
	turn($number, $victims[ ($number - 1) % @victims ], rand($duration));
}
diag(join(', ', map { "$_: $count{$_}" } sort keys %count));
done_testing();
