# The main job in the layout of the official Docker images: configuration files in a directory of their own, the data
# elsewhere, an archive directory, a role with capital letters and a connection limit; the standby has its own
# configuration directory and port.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use Test::More;

my $primary = ReplicaTest::Primary->create('postgres-1');
my $base = $primary->base;
my ($config, $archive) = ("$base/config", "$base/archive");
mkdir $config;
mkdir $archive;
$primary->initialize(admin => 'postgresadmin', password => 'admin123');
rename($primary->data_dir . "/$_", "$config/$_") or die "cannot move $_: $!" for qw(postgresql.conf pg_hba.conf pg_ident.conf);
$primary->{config_file} = "$config/postgresql.conf";
$primary->{start_options} = "-c config_file=$config/postgresql.conf";
$primary->configure(<<"EOF");
data_directory = '@{[$primary->data_dir]}'
hba_file = '$config/pg_hba.conf'
ident_file = '$config/pg_ident.conf'
wal_level = replica
max_wal_senders = 3
archive_mode = on
archive_command = 'test ! -f $archive/%f && cp %p $archive/%f'
EOF
$primary->start;
$primary->psql_ok('CREATE DATABASE postgresdb');

my $directory = new_standby_directory($primary, 'postgres-2-data');
my $standby_config = "$base/postgres-2-config";
mkdir $standby_config;
my $port = free_port();
sub on_standby { return psql_value('127.0.0.1', $port, 'postgresadmin', $primary->passfile, $_[0], $_[1] || 'postgresdb') }
my @connection = ('-h', $primary->host, '-p', $primary->port, '-U', 'postgresadmin', '-d', 'postgresdb');
my @command = ('clone', '--prepare', @connection, '-D', $directory, '--config-dir', $standby_config, '--port', $port,
	'--name', 'postgres-2', '--replication-user', 'replicationUser', '--connection-limit', 5, '--bindir', bindir());

my $clone = run_tool(\@command, passfile => $primary->passfile);
is($clone->{status}, 0, 'one command makes the standby') or BAIL_OUT("clone does not work: $clone->{output}");
is($primary->psql(q{SELECT rolcanlogin, rolreplication, rolsuper, rolconnlimit FROM pg_roles WHERE rolname = 'replicationUser'}),
	't|t|f|5', 'the role keeps its capital letters and has its connection limit');
is($primary->psql(q{SELECT usename, state FROM pg_stat_replication}), 'replicationUser|streaming', 'the standby streams as that role');
is($primary->psql('SELECT slot_name, active FROM pg_replication_slots'), 'postgres_2|t', 'the slot has the legal form of the name');

is(on_standby('SELECT pg_is_in_recovery()'), 't', 'the standby is in recovery');
is(on_standby('SHOW data_directory'), $directory, 'it runs on its own data directory');
is(on_standby('SHOW config_file'), "$standby_config/postgresql.conf", 'with its own postgresql.conf');
is(on_standby('SHOW hba_file'), "$standby_config/pg_hba.conf", 'its own pg_hba.conf');
is(on_standby('SHOW ident_file'), "$standby_config/pg_ident.conf", 'its own pg_ident.conf');
is(on_standby('SHOW port'), $port, 'and its own port');
is(on_standby('SHOW max_wal_senders'), $primary->psql('SHOW max_wal_senders'), 'settings that must match the primary do');
is($primary->psql('SHOW data_directory'), $primary->data_dir, 'the primary still has its own');

ok(defined $primary->psql('CREATE TABLE customers (firstname text, customer_id serial, date_created timestamp)', 'postgresdb'),
	'the table customers is made on the primary');
ok(poll_until(sub { (on_standby(q{SELECT count(*) FROM pg_tables WHERE tablename = 'customers'}) || 0) == 1 }),
	'the table customers is seen on the replica');

my $segment = $primary->psql_ok('SELECT pg_walfile_name(pg_switch_wal())');
ok(poll_until(sub { -e "$archive/$segment" }, 60), 'the primary archives as before');
is($primary->psql(q{SELECT count(*) FROM pg_stat_archiver WHERE last_failed_wal IS NOT NULL}), '0', 'no archiving failed');

# the standby with a file of its own, as the walk-through has one
my $directory3 = new_standby_directory($primary, 'postgres-3-data');
my $config3 = "$base/postgres-3-config";
my $port3 = free_port();
mkdir $config3;
PostgreSQL::Test::Utils::append_to_file("$config3/postgresql.conf", <<"EOF");
data_directory = '$directory3'
hba_file = '$config3/pg_hba.conf'
ident_file = '$config3/pg_ident.conf'
listen_addresses = '127.0.0.1'
unix_socket_directories = '@{[$primary->socket_directory]}'
port = $port3
max_wal_senders = 10
# a line of the owner
EOF
PostgreSQL::Test::Utils::append_to_file("$config3/pg_hba.conf", "host all all 127.0.0.1/32 scram-sha-256\n");
PostgreSQL::Test::Utils::append_to_file("$config3/pg_ident.conf", "# none\n");
my $own = tree_of($config3);
my $clone3 = run_tool(
	[ 'clone', '--prepare', @connection, '-D', $directory3, '--config-dir', $config3, '--port', $port3, '--name', 'postgres-3',
		'--bindir', bindir() ], passfile => $primary->passfile);
is($clone3->{status}, 0, 'a standby with configuration files of its own is made');
is(tree_of($config3), $own, 'its files are used as they are');
is($primary->psql(q{SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'}), '2', 'both stream');

done_testing();
