# pg_replica status --watch: the screen of a terminal, plain output elsewhere, and a primary that is restarted meanwhile.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use Test::More;

my $primary = stock_primary('primary', extension => 1);
my @connection = $primary->connection;
my %login = (passfile => $primary->passfile);

# --- without a terminal -----------------------------------------------------------------------------------------------------
my $output = $primary->base . '/watched';
my $pid = start_tool([ 'status', @connection, '--watch', '0.2' ], %login, output => $output);
sub count_of { my ($pattern) = @_; my $count = () = (-e $output ? slurp($output) : '') =~ /$pattern/g; return $count; }
ok(poll_until(sub { count_of(qr/^health +ok: a primary$/m) >= 3 }, 20), 'it looks again and again');
like(slurp($output), qr/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d, every 0\.2 s$/m, 'and says when');
unlike(slurp($output), qr/\x1b/, 'without any control of a terminal');
is($primary->psql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg_replica'"), '1', 'over one connection');
$primary->stop('fast');
ok(poll_until(sub { count_of(qr/^health +critical: cannot connect to the server$/m) >= 2 }, 20), 'a stopped primary is critical');
my $before = count_of(qr/^health +ok: a primary$/m);
$primary->start;
ok(poll_until(sub { count_of(qr/^health +ok: a primary$/m) > $before }, 20), 'started again, it is seen again');
kill 'INT', $pid;
waitpid($pid, 0);
is($?, 0, 'Ctrl-C ends it with the health seen last');

# --- into a file ----------------------------------------------------------------------------------------------------------------
my $file = $primary->base . '/metrics.prom';
$pid = start_tool([ 'status', @connection, '--watch=0.2', '--format', 'prometheus', '--output', $file ], %login, output => $output);
ok(poll_until(sub { -s $file }, 20), 'the file is written');
my $inode = (stat $file)[1];
ok(poll_until(sub { (stat $file)[1] != $inode }, 20), 'and replaced');
kill 'TERM', $pid;
waitpid($pid, 0);

# --- on a terminal ----------------------------------------------------------------------------------------------------------------
sub on_terminal
{
	my ($arguments, %environment) = @_;
	my $command = join(' ', 'stty cols 60 rows 8; exec timeout --foreground -s INT 2', tool_path(), 'status', @connection, @$arguments);
	return run_program([ 'script', '-qec', $command, '/dev/null' ], %login, env => { TERM => 'xterm', %environment }, timeout => 30)->{stdout};
}
SKIP:
{
	skip 'script (bsdutils) is not installed', 8 if run_program([ 'script', '--version' ])->{status};
	my $screen = on_terminal([ '--watch', '0.5' ]);
	like($screen, qr/^\x1b\[\?1049h\x1b\[\?25l\x1b\[H/, 'a terminal gets its alternate screen');
	like($screen, qr/\x1b\[\?25h\x1b\[\?1049l\s*\z/, 'and the other one back');
	like($screen, qr/health  \x1b\[32mok\x1b\[0m: a primary\x1b\[K/, 'in colour');
	my ($frame) = split /\x1b\[J/, $screen;
	cmp_ok(scalar(() = $frame =~ /\n/g), '<=', 7, 'no frame is higher than the terminal');
	$screen = on_terminal([ '--watch', '0.5' ], NO_COLOR => '1');
	like($screen, qr/health  ok: a primary\x1b\[K/, 'NO_COLOR is respected');
	unlike($screen, qr/\x1b\[\d*m/, 'everywhere');
	like(on_terminal([]), qr/health  \x1b\[32mok\x1b\[0m: a primary/, 'a single look is in colour, too');
	$primary->psql_ok("SELECT FROM replica.create_slot('s1')");
	my @wide = grep { s/\x1b\[[^a-zA-Z]*[a-zA-Z]|\r//g; length > 60 } split /\n/, on_terminal(['-v']);
	is("@wide", '', 'no line is wider than the terminal');
}

done_testing();
