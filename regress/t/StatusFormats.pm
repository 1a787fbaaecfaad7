# status in every form that people and programs read, held against one expectation.
#
#   use StatusFormats;
#   in_every_format('a paused standby', [ $primary->connection ], \%login,
#       health => 'warning', reason => qr/not replayed/, standby => 's1');
package StatusFormats;

use strict;
use warnings;

use Exporter 'import';
use File::Basename qw(dirname);
use File::Temp ();
use JSON::PP;
use ReplicaTest;
use Test::More;

our @EXPORT = qw(in_every_format metrics_are_those_asked_for program read_csv is_valid_json promtool_accepts);

my %metrics;    # names that were seen
my %code = (ok => 0, warning => 1, critical => 2, unknown => 3);

sub program
{
	my ($name) = @_;
	for my $folder (split /:/, $ENV{PATH}) { return "$folder/$name" if -x "$folder/$name"; }
	return;
}

# Runs a program that reads text from its standard input.
sub fed_with
{
	my ($text, @command) = @_;
	my $file = File::Temp->new;
	binmode($file);
	print $file $text;
	close($file);
	return run_program([ 'sh', '-c', 'exec "$@" <"$0"', $file->filename, @command ], timeout => 30);
}

# is_valid_json(text, what): against docs/status.schema.json
sub is_valid_json
{
	my ($text, $what) = @_;
	my $schema = dirname(__FILE__) . '/../../docs/status.schema.json';
  SKIP:
	{
		skip "no $schema beside the tests", 1 unless -r $schema;
		my $there = run_program([ 'python3', '-c', 'import jsonschema' ]);
		skip 'python3-jsonschema is not installed', 1 if $there->{status};
		my $result = fed_with($text, 'python3', '-c',
				'import json,sys,jsonschema; jsonschema.Draft7Validator(json.load(open(sys.argv[1]))).validate(json.load(sys.stdin))',
				$schema);
		is($result->{status}, 0, "$what: the JSON is as docs/status.schema.json says") or diag($result->{stderr});
	}
	return;
}

# promtool_accepts(text, what): promtool check metrics says nothing against it
sub promtool_accepts
{
	my ($text, $what) = @_;
  SKIP:
	{
		my $promtool = program('promtool');
		skip 'promtool (Debian: prometheus) is not installed', 1 unless $promtool;
		my $result = fed_with($text, $promtool, 'check', 'metrics');
		is($result->{status} . $result->{output}, '0', "$what: promtool accepts the metrics");
	}
	return;
}

# read_csv(text): a list of hashes, read by Python's parser, where program('python3') is there
sub read_csv
{
	my ($text) = @_;
	my $result = fed_with($text, 'python3', '-c',
			'import csv,io,json,sys; print(json.dumps(list(csv.DictReader(io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", newline=""), strict=True))))');
	die $result->{stderr} if $result->{status};
	return @{ decode_json($result->{stdout}) };
}

# The rows of one server, or of its standby, that bear the reason.
sub matching
{
	my ($reason, @rows) = @_;
	return grep { defined $_->{reason} && $_->{reason} =~ $reason } @rows;
}

sub check_table
{
	my ($what, $result, %expected) = @_;
	is($result->{status}, $code{ $expected{health} }, "$what: the table ends with the code of $expected{health}");
	(my $flat = $result->{output}) =~ s/\s+/ /g;
	return like($flat, $expected{reason}, "$what: the table says why");
}

sub check_json
{
	my ($what, $result, %expected) = @_;
	is($result->{status}, $code{ $expected{health} }, "$what: json ends with the code");
	my $found = decode_json($result->{stdout});
	is($found->{health}, $expected{health}, "$what: json says $expected{health}");
	like($found->{servers}[0]{reason}, $expected{reason}, "$what: and why");
	return is_valid_json($result->{stdout}, $what);
}

sub check_csv
{
	my ($what, $result, %expected) = @_;
	is($result->{status}, $code{ $expected{health} }, "$what: csv ends with the code");
  SKIP:
	{
		skip 'python3 is not installed', 1 unless program('python3');
		my @rows = matching($expected{reason}, read_csv($result->{stdout}));
		ok(scalar(grep { $_->{health} eq $expected{health} } @rows), "$what: a line of the csv says $expected{health} and why");
	}
	return;
}

sub check_nagios
{
	my ($what, $result, %expected) = @_;
	is($result->{status}, $code{ $expected{health} }, "$what: nagios ends with the code");
	is(scalar(split /\n/, $result->{stdout}), 1, "$what: in one line");
	like($result->{stdout}, qr/^PG_REPLICA \U$expected{health}\E: /, "$what: that begins with the health");
	return $expected{health} eq 'ok' ? 1 : like($result->{stdout}, $expected{reason}, "$what: and says why");
}

sub check_prometheus
{
	my ($what, $result, %expected) = @_;
	is($result->{status}, $code{ $expected{health} }, "$what: prometheus ends with the code");
	like($result->{stdout}, qr/^pg_replica_health\{server="[^"]+"\} $code{$expected{health}}$/m, "$what: and has it as a metric");
	$metrics{$1} = 1 while $result->{stdout} =~ /^(pg_replica_\w+)\{/mg;
	return promtool_accepts($result->{stdout}, $what);
}

# Every metric that alert rules and dashboard name has been among the answers of in_every_format, apart from the one that only a
# server of 14 or later has that is 30 s old; lint looks for its name in the source.
sub metrics_are_those_asked_for
{
	my $folder = dirname(__FILE__) . '/../../contrib/monitoring';
	for my $file ('prometheus-rules.yml', 'grafana-dashboard.json')
	{
		my %asked = map { $_ => 1 } slurp("$folder/$file") =~ /(pg_replica_[a-z_]+)/g;
		cmp_ok(scalar keys %asked, '>', 0, "$file asks for metrics");
		is(join(' ', grep { !$metrics{$_} && $_ ne 'pg_replica_slot_full_in_seconds' } sort keys %asked), '', "$file: there is a metric of each of these names");
	}
	return;
}

my %checks = (table => \&check_table, json => \&check_json, csv => \&check_csv, nagios => \&check_nagios, prometheus => \&check_prometheus);

# in_every_format(what, [connection], {login}, health => word, reason => pattern, within => seconds, options => [more])
sub in_every_format
{
	my ($what, $connection, $login, %expected) = @_;
	for my $format (qw(table json csv nagios prometheus))
	{
		my $result = run_tool([ 'status', @$connection, '--format', $format, @{ $expected{options} || [] } ], %$login, timeout => 30);
		$checks{$format}->($what, $result, %expected);
		cmp_ok($result->{seconds}, '<=', $expected{within} || 5, "$what: $format takes no longer than " . ($expected{within} || 5) . ' s');
	}
	return;
}

1;
