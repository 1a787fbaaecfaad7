# Somebody who looks at a running clone knows that it lives: no step is silent for longer than five seconds, whether it is
# read by people or, with --progress json, by programs, not even while the primary answers nothing.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use JSON::PP;
use ReplicaTest;
use Test::More;
use Time::HiRes qw(time sleep);

my $primary = stock_primary('primary', extension => 1);
$primary->psql_ok('CREATE TABLE filler AS SELECT g, repeat(md5(g::text), 20) FROM generate_series(1, 20000) g');

# The session that asks for progress is frozen for so long.
my $frozen_for = 9;

# watch(directory, port, name, more...) -> { lines => [[seconds since the start, line], ...], status }
# Freezes the tool's session on the primary once the copy runs.
sub watch
{
	my ($name, @more) = @_;
	my ($directory, $port) = (new_standby_directory($primary, $name), free_port());
	my $output = $primary->base . "/$name.output";
	my $pid = start_tool(clone_arguments($primary, $directory, $port, $name, '--prepare', '--max-rate', '6M', @more),
		passfile => $primary->passfile, output => $output);
	my ($start, $seen, $frozen, $thaw, $copies_since, @lines) = (time(), 0);
	while (1)
	{
		my $ended = waitpid($pid, 1) == $pid;
		my $status = $?;
		my @all = -e $output ? split(/\n/, slurp($output)) : ();
		push @lines, [ time() - $start, $_ ] for @all[ $seen .. $#all ];
		$seen = @all;
		kill 'CONT', $frozen if $frozen && ($ended || time() > $thaw);
		if ($ended) { return { lines => \@lines, status => $status >> 8, directory => $directory } }
		$copies_since ||= time() if -e "$directory/pg_replica.partial/base";
		if (!$frozen && $copies_since && time() - $copies_since > 2.5)
		{
			$frozen = $primary->psql_ok("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'pg_replica%' AND backend_type = 'client backend'");
			kill 'STOP', $frozen;
			$thaw = time() + $frozen_for;
		}
		sleep 0.1;
	}
}

sub longest_silence
{
	my ($run) = @_;
	my ($longest, $before) = (0, 0);
	for my $line (@{ $run->{lines} })
	{
		$longest = $line->[0] - $before if $line->[0] - $before > $longest;
		$before = $line->[0];
	}
	return $longest;
}

my $text = watch('words');
is($text->{status}, 0, 'in words: the clone succeeds') or diag(join("\n", map { $_->[1] } @{ $text->{lines} }));
cmp_ok(longest_silence($text), '<=', 5, 'in words: no silence is longer than 5 s');
note(sprintf('%5.1f %s', @$_)) for @{ $text->{lines} };
stop_server($text->{directory}, 'fast');

my $json = watch('json', '--progress', 'json');
is($json->{status}, 0, 'as JSON: the clone succeeds');
cmp_ok(longest_silence($json), '<=', 5, 'as JSON: no silence is longer than 5 s');
my @all = grep { $_->[1] =~ /^\{/ } @{ $json->{lines} };
my @events = map { decode_json($_->[1]) } @all;
my %count;
$count{ $_->{event} }++ for @events;
cmp_ok($count{step} || 0, '>=', 10, 'as JSON: each step is told');
cmp_ok($count{progress} || 0, '>=', 3, 'as JSON: with its progress');
my ($counted) = grep { $_->{event} eq 'progress' && $_->{done_bytes} > 0 } @events;
ok($counted && $counted->{total_bytes} >= $counted->{done_bytes}, 'as JSON: in bytes of all bytes');
is_deeply([ grep { !defined $_->{time} || $_->{time} !~ /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/ } @events ], [], 'as JSON: each with its time');
is_deeply([ @{ $events[-1] }{qw(event exit_code)} ], [ 'end', 0 ], 'as JSON: the last line is the end');
stop_server($json->{directory}, 'fast');

# --- an error is a line like any other, and nothing else is on stderr

my $refused = run_tool(clone_arguments($primary, $primary->data_dir, free_port(), 'refused', '--progress', 'json'), passfile => $primary->passfile);
@events = map { decode_json($_) } split /\n/, $refused->{stderr};
is($refused->{status}, 4, 'a refusal: exit status 4');
is($events[-2]{event}, 'error', 'a refusal: is an event');
like($events[-2]{detail}, qr/a server runs in/, 'a refusal: with all that an error tells');
is_deeply([ @{ $events[-1] }{qw(event exit_code)} ], [ 'end', 4 ], 'a refusal: and the end tells the exit code');

done_testing();
