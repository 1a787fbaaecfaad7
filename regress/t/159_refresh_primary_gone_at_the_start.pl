# The standby of a refresh starts and cannot become consistent, as it gets no WAL: its role may not log in any more, or the primary
# has gone. Either wait ends by itself and says why, the server that was started does not stay, and the same command completes it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use RefreshTest;
use POSIX ();
use Test::More;
use Time::HiRes qw(time);

my $primary = refresh_primary();
my ($directory, $port) = (new_standby_directory($primary), free_port());
my @as_admin = (passfile => $primary->passfile);

my $clone = run_tool(clone_arguments($primary, $directory, $port, 'standby1', '--prepare'), @as_admin);
is($clone->{status}, 0, 'a standby is made') or BAIL_OUT($clone->{output});
stop_server($directory, 'fast');

# without_wal(fault, more arguments): a refresh whose role loses its login after it was tried, and fault() once the standby starts
sub without_wal
{
	my ($fault, @more) = @_;
	change_some($primary);
	my $output = $primary->base . '/without_wal.output';
	unlink $output;
	my $tool = start_tool(refresh_arguments($primary, $directory, @more), @as_admin, output => $output);
	my $says = sub { my ($sentence) = @_; return poll_until(sub { -e $output && index(slurp($output), $sentence) >= 0 }, 100) };
	$says->('Hold WAL on the primary');
	$primary->psql_ok('ALTER ROLE replicator_standby1 NOLOGIN');
	ok($says->('Start the standby'), 'it gets to the start') or diag(slurp($output));
	my $start = time();
	$fault->();
	my $ended = poll_until(sub { waitpid($tool, POSIX::WNOHANG()) == $tool }, 100);
	my $status = $? >> 8;
	kill 'KILL', $tool unless $ended;
	return ($ended, $status, slurp($output), time() - $start);
}

sub completes
{
	my ($what) = @_;
	$primary->psql_ok('ALTER ROLE replicator_standby1 LOGIN');
	my $again = run_tool(refresh_arguments($primary, $directory), @as_admin);
	is($again->{status}, 0, "$what: the same command completes it") or diag($again->{output});
	is_the_same($primary, $directory, $port, $what);
	return;
}

# The standby's log grows by a line for each attempt: that is no progress.
my ($ended, $status, $text) = without_wal(sub { }, '--timeout', 20);
ok($ended, 'no login: the wait ends');
is($status, 6, 'no login: as a failure that leaves something');
like($text, qr/does not accept connections yet.*is not permitted to log in/s, 'no login: it says why');
like($text, qr/complete: mend what is named above and run the same command again/, 'no login: it says what to do');
ok(!-e "$directory/postmaster.pid", 'no login: no server is left');
completes('no login');

my $seconds;
($ended, $status, $text, $seconds) = without_wal(sub { $primary->stop('immediate') });
ok($ended, 'primary gone: the wait ends');
is($status, 6, 'primary gone: as a failure that leaves something');
like($text, qr/the primary has not answered for 30 seconds/, 'primary gone: it says why');
ok($seconds > 28 && $seconds < 75, sprintf('primary gone: after %.0f s', $seconds));
ok(!-e "$directory/postmaster.pid", 'primary gone: no server is left');
$primary->start;
completes('primary gone');

done_testing();
