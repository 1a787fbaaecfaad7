# With its configuration where Debian's postgresql-common keeps it, a standby is a cluster like any other there: pg_lsclusters
# lists it, pg_ctlcluster stops and starts it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use Test::More;

my ($major) = run_program([ 'postgres', '--version' ])->{stdout} =~ /(\d+)/;
plan(skip_all => 'postgresql-common is not installed') unless grep { -x "$_/pg_lsclusters" } split /:/, $ENV{PATH};
plan(skip_all => "no programs of PostgreSQL $major where postgresql-common looks for them") unless -x "/usr/lib/postgresql/$major/bin/pg_ctl";

my $primary = stock_primary('primary', extension => 1, config => "fsync = off\n");
my ($base, $port, $directory) = ($primary->base, free_port(), new_standby_directory($primary));
my $root = "$base/etc";
my $config = "$root/$major/replica";
mkdir $_ for $root, "$root/$major";
my %environment = (passfile => $primary->passfile, env => { PG_CLUSTER_CONF_ROOT => $root });
sub clone_into { return run_tool(clone_arguments($primary, $directory, $port, 'replica', '--prepare', '--config-dir', @_), %environment) }
sub listed { return run_program([ 'pg_lsclusters', '-h' ], %environment)->{stdout} }
sub on_standby { return psql_value('127.0.0.1', $port, 'postgres', $primary->passfile, $_[0]) }

# --- places that are another cluster's

mkdir "$root/" . ($major - 1);
my $state = server_state($primary);
my $refused = clone_into("$root/" . ($major - 1) . '/replica');
is($refused->{status}, 4, 'another version: refused');
like($refused->{output}, qr/is a place for clusters of version @{[$major - 1]}, and the primary has $major/, 'another version: says why');
mkdir "$root/$major/main";
open(my $file, '>', "$root/$major/main/postgresql.conf") or die;
print $file "data_directory = '/var/lib/postgresql/$major/main'\n";
close($file);
$refused = clone_into("$root/$major/main");
is($refused->{status}, 4, 'a cluster that is there: refused');
like($refused->{output}, qr/the cluster $major main is there already/, 'a cluster that is there: says why');
is(server_state($primary), $state, 'and the primary is as it was');
run_program([ 'rm', '-rf', "$root/$major/main" ]);

# --- the standby as a cluster

my $result = clone_into($config, '--log', "$base/replica.log");
is($result->{status}, 0, 'the standby is made') or BAIL_OUT($result->{output});
like($result->{stdout}, qr/Start it later with: pg_ctlcluster $major replica start/, 'and how to start it is said');
like(listed(), qr/^$major\s+replica\s+$port\s+online,recovery\s+\S+\s+\Q$directory\E/m, 'pg_lsclusters lists it, in recovery');
like(slurp("$config/start.conf"), qr/^auto$/m, 'it starts with the host');
symlink("$base/replica.log", "$config/log");

is(run_program([ 'pg_ctlcluster', $major, 'replica', 'stop' ], %environment)->{status}, 0, 'pg_ctlcluster stops it');
like(listed(), qr/^$major\s+replica\s+$port\s+down/m, 'and it is down');
my $start = run_program([ 'pg_ctlcluster', $major, 'replica', 'start' ], %environment);
is($start->{status}, 0, 'pg_ctlcluster starts it') or diag($start->{output});
ok(poll_until(sub { (on_standby('SELECT status FROM pg_stat_wal_receiver') || '') eq 'streaming' }, 30), 'and it streams again');
is(on_standby('SHOW config_file'), "$config/postgresql.conf", 'with its own configuration');
run_program([ 'pg_ctlcluster', $major, 'replica', 'stop' ], %environment);

done_testing();
