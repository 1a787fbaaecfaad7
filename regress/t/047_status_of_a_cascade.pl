# A cascade, primary -> s1 -> s2 and primary -> s3, each at an address of its own: status --standbys finds all of them and shows who
# streams from whom, also when the one in the middle is gone.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use File::Spec ();
use Test::More;

# A network of its own in which every server has an address and the same port: 10.9.0.1 is the primary, .2 to .4 are s1 to s3. Whoever
# connects to an address comes from that of the one standby that does so; 10.9.0.5 is the primary, too, as s3 knows it.
BEGIN
{
	if (!$ENV{PG_REPLICA_CASCADE})
	{
		my $unshare = 'unshare --user --map-root-user --net';
		my $able = 'ip link set lo up && unshare --user --map-user=1 true';
		plan(skip_all => 'network namespaces are not permitted here, or ip(8) is not installed') if system("$unshare sh -c '$able' >/dev/null 2>&1");
		$ENV{PG_REPLICA_CASCADE} = 1;
		$ENV{PG_REPLICA_IDS} = "--map-user=$> --map-group=" . (split / /, $))[0];
		exec(split(/ /, $unshare), 'sh', '-ec', <<'EOS', 'sh', $^X, (map { '-I' . File::Spec->rel2abs($_) } @INC), File::Spec->rel2abs($0)) or die "cannot execute: $!";
ip link set lo up
for n in 1 2 3 4 5; do ip address add 10.9.0.$n/32 dev lo; done
comes_from() { ip route replace table local local 10.9.0.$1 dev lo proto kernel scope host src 10.9.0.$2; }
comes_from 1 2
comes_from 2 3
comes_from 5 4
exec unshare --user $PG_REPLICA_IDS "$@"
EOS
	}
}

use JSON::PP;
use ReplicaTest;
use StatusFormats;

my $primary = stock_primary('primary', extension => 1, config => "fsync = off\nlisten_addresses = '127.0.0.1, 10.9.0.1, 10.9.0.5'\nautovacuum = off\n");
my $port = $primary->port;
my %login = (passfile => $primary->passfile);
my @connection = ('-h', '10.9.0.1', '-p', $port, '-U', 'postgres', '-d', 'postgres', '--standbys');
$primary->psql_ok("CREATE ROLE rep LOGIN REPLICATION PASSWORD 'r'");
my $passfile = write_passfile($primary->base . '/standby_passfile', [ '*', '*', '*', 'rep', 'r' ]);
append($primary->data_dir . '/pg_hba.conf', 'host all,replication all 10.9.0.0/24 scram-sha-256');
$primary->psql_ok('SELECT pg_reload_conf()');

sub append
{
	my ($file, @lines) = @_;
	open(my $conf, '>>', $file) or die "cannot write $file: $!";
	print $conf map { "$_\n" } @lines;
	return close($conf);
}
sub data_of { return $primary->base . "/$_[0]" }

sub start_standby
{
	my ($name) = @_;
	my $result = run_program([ 'pg_ctl', '-s', '-w', '-D', data_of($name), '-l', data_of("$name.log"), 'start' ]);
	return is($result->{status}, 0, "$name is started") || diag(slurp(data_of("$name.log")));
}

# make_standby(name, own address, that of its upstream): with a slot there
sub make_standby
{
	my ($name, $address, $upstream) = @_;
	my $result = run_program([ 'pg_basebackup', '-w', '-c', 'fast', '-R', '-C', '-S', $name, '-D', data_of($name), '-d',
			"host=$upstream port=$port user=rep application_name=$name passfile='$passfile'" ]);
	is($result->{status}, 0, "$name is copied") or diag($result->{stderr});
	append(data_of($name) . '/postgresql.conf', "listen_addresses = '$address'", "unix_socket_directories = ''", "cluster_name = '$name'",
		'wal_retrieve_retry_interval = 200ms');
	stop_at_end(data_of($name));
	return start_standby($name);
}

make_standby('s1', '10.9.0.2', '10.9.0.1');
make_standby('s2', '10.9.0.3', '10.9.0.2');
make_standby('s3', '10.9.0.4', '10.9.0.5');

sub looked
{
	my (@arguments) = @_;
	my $result = run_tool([ 'status', @arguments ], %login);
	my ($tree) = $result->{stdout} =~ /\A((?: *[a-z]+ .*: [a-z]+\n)+)\n/;
	return ($tree || '', $result->{status}, $result->{stdout});
}
sub relations
{
	my (@arguments) = @_;
	my $found = decode_json(run_tool([ 'status', @arguments, '--format', 'json' ], %login)->{stdout});
	return { map { $_->{server} => $_->{upstream} } @{ $found->{servers} } };
}

# --- all are well ---------------------------------------------------------------------------------------------------------------------
ok(poll_until(sub { my (undef, $status, $text) = looked(@connection); $status == 0 && $text =~ /s2/ && $text =~ /s3/ }, 40), 'all are well');
my ($tree, $status, $text) = looked(@connection);
is($tree, <<"EOT", 'the tree shows who streams from whom');
primary 10.9.0.1:$port: ok
  standby 10.9.0.2:$port (s1): ok
    standby 10.9.0.3:$port (s2): ok
  standby 10.9.0.4:$port (s3): ok
EOT
is(scalar(() = $text =~ /^server  /mg), 4, 'with a block for each server');
my $expected = { "10.9.0.1:$port" => undef, "10.9.0.2:$port" => "10.9.0.1:$port", "10.9.0.3:$port" => "10.9.0.2:$port", "10.9.0.4:$port" => "10.9.0.1:$port" };
is_deeply(relations(@connection), $expected, 'JSON tells the same as upstream of each');
in_every_format('a cascade', \@connection, \%login, health => 'ok', reason => qr/a (primary|standby that receives and replays)/);
my $services = $primary->base . '/services';
append($services, '[cascade]', 'host=10.9.0.1', "port=$port", 'user=postgres', 'dbname=postgres');
my $by_service = run_tool([ 'status', '-d', 'service=cascade', '--standbys' ], %login, env => { PGSERVICEFILE => $services });
is($by_service->{status}, 0, 'the service of the primary leads to its standbys as well');
like($by_service->{stdout}, qr/\Aprimary cascade: ok\n  standby 10\.9\.0\.2:$port \(s1\): ok\n    standby 10\.9\.0\.3:$port \(s2\): ok\n/, 'and theirs');
my ($lower) = looked('-h', '10.9.0.2', @connection[2 .. $#connection]);
is($lower, "standby 10.9.0.2:$port (s1): ok\n  standby 10.9.0.3:$port (s2): ok\n", 'asked for a part of it, it shows that part');
my @named = map { ('--server', "host=$_ port=$port user=postgres dbname=postgres") } ('10.9.0.3', '10.9.0.1', '10.9.0.2');
is_deeply(
	relations(@named),
	{ map { $_ => $expected->{$_} } grep { !/10\.9\.0\.4/ } keys %$expected },
	'servers that are named one by one are related, too, by what their receivers say');

# --- the last one is stopped ----------------------------------------------------------------------------------------------------------------
stop_server(data_of('s2'), 'fast');
ok(poll_until(sub { my ($now) = looked(@connection); $now !~ /10\.9\.0\.3/ }, 20), 's2 is gone');
($tree, $status) = looked(@connection);
is($status, 1, 'a standby that is absent from a standby is a warning');
is($tree, <<"EOT", 'the tree shows the slot that it left, below its upstream');
primary 10.9.0.1:$port: ok
  standby 10.9.0.2:$port (s1): ok
    standby s2: warning
  standby 10.9.0.4:$port (s3): ok
EOT
in_every_format('the end of a cascade is stopped', \@connection, \%login, health => 'warning', reason => qr/absent: nobody streams from slot "s2", which retains|a primary/);
start_standby('s2');
ok(poll_until(sub { (looked(@connection))[1] == 0 }, 40), 'it is back');

# --- the one in the middle is stopped -------------------------------------------------------------------------------------------------------
stop_server(data_of('s1'), 'fast');
ok(poll_until(sub { my ($now) = looked(@connection); $now !~ /10\.9\.0\.2/ }, 20), 's1 is gone');
($tree, $status) = looked(@connection);
is($status, 2, 'a standby that is absent from the primary is critical');
is($tree, <<"EOT", 'what was below it is known to nobody');
primary 10.9.0.1:$port: ok
  standby 10.9.0.4:$port (s3): ok
  standby s1: critical
EOT
in_every_format('the middle of a cascade is stopped', \@connection, \%login, health => 'critical', reason => qr/absent: nobody streams from slot "s1", which retains/);
my @both = (@named[0 .. 3], '--standbys');
($tree, $status, $text) = looked(@both);
is($status, 2, 'named beside the primary, its standby is looked at');
is($tree, <<"EOT", 'and shown with nobody above it');
standby 10.9.0.3:$port (s2): critical
primary 10.9.0.1:$port: ok
  standby 10.9.0.4:$port (s3): ok
  standby s1: critical
EOT
like($text, qr/no WAL receiver runs: nothing arrives from the primary/, 'with the reason');
start_standby('s1');
ok(poll_until(sub { my ($now) = looked(@connection); $now =~ /10\.9\.0\.2:$port \(s1\): ok\n    standby 10\.9\.0\.3:$port \(s2\): ok/ }, 60), 'the cascade is whole again');
is((looked(@connection))[1], 0, 'and well');
done_testing();
