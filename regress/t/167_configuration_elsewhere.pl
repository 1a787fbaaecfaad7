# Servers whose configuration lies outside of their data directories, in the layout of Debian's postgresql-common: promote and
# rejoin, switchover and back, each with the server's own files afterwards.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use Test::More;

my $major = server_major();
my $primary = ReplicaTest::Primary->create('one');
my ($base, @as_admin) = ($primary->base, passfile => $primary->passfile);
my $root = "$base/etc";
my %config = map { $_ => "$root/$major/$_" } qw(one two);
mkdir $_ for $root, "$root/$major", $config{one};
$primary->initialize;
rename($primary->data_dir . "/$_", "$config{one}/$_") or die "cannot move $_: $!" for qw(postgresql.conf pg_hba.conf pg_ident.conf);
$primary->{config_file} = "$config{one}/postgresql.conf";
$primary->{start_options} = "-c config_file=$config{one}/postgresql.conf";
$primary->configure(join('', map { "$_\n" } "data_directory = '@{[$primary->data_dir]}'", "hba_file = '$config{one}/pg_hba.conf'",
	"ident_file = '$config{one}/pg_ident.conf'", 'wal_log_hints = on', 'wal_keep_size = 128MB', 'fsync = off'));
$primary->start;

my %port = (one => $primary->port, two => free_port());
my %directory = (one => $primary->data_dir, two => new_standby_directory($primary, 'two'));
stop_at_end($directory{one});

sub on { my ($name, $sql) = @_; return psql_value('127.0.0.1', $port{$name}, 'postgres', $primary->passfile, $sql) }
sub login { return ('-w', '-h', '127.0.0.1', '-p', $port{ $_[0] }, '-U', 'postgres', '-d', 'postgres') }
sub rejoin { my ($to, $name, @more) = @_; return run_tool([ 'rejoin', '--prepare', login($to), '-D', $directory{$name}, '--name', $name, '--bindir', bindir(), @more ], @as_admin) }
sub switchover { my ($from, $to) = @_; return run_tool([ 'switchover', '--prepare', login($to), '-D', $directory{$from}, '--name', $from, '--bindir', bindir() ], @as_admin) }

# proven(primary, standby, when): roles, the proof of verify, and that each server runs with what is its own
my %own;
sub proven
{
	my ($to, $from, $when) = @_;
	my $verify = run_tool([ 'verify', login($to), '--standby-port', $port{$from}, '-D', $directory{$from} ], @as_admin);
	is($verify->{status}, 0, "$when: $from replicates from $to") or diag($verify->{output});
	for my $name (qw(one two))
	{
		is(on($name, q{SELECT string_agg(setting, ' ' ORDER BY name) FROM pg_settings WHERE name IN ('config_file', 'data_directory', 'hba_file', 'ident_file', 'port')}),
			"$config{$name}/postgresql.conf $directory{$name} $config{$name}/pg_hba.conf $config{$name}/pg_ident.conf $port{$name}",
			"$when: $name runs with its own files");
		is(slurp("$config{$name}/postgresql.conf"), $own{$name}, "$when: and $name has its postgresql.conf as it was");
		ok(!grep({ -e "$directory{$name}/$_" } qw(postgresql.conf pg_hba.conf pg_ident.conf)), "$when: and no other in the data directory");
	}
	return;
}

# crash(primary, standby): with a table that its standby never gets
sub crash
{
	my ($name, $standby) = @_;
	my $receiver = on($standby, 'SELECT pid FROM pg_stat_wal_receiver');
	kill 'STOP', $receiver;
	on($name, 'CREATE TABLE lost ()');
	stop_server($directory{$name}, 'immediate');
	kill $_, $receiver for qw(TERM CONT);
	return;
}

my $clone = run_tool([ 'clone', '--prepare', login('one'), '-D', $directory{two}, '--config-dir', $config{two}, '--port', $port{two},
		'--name', 'two', '--log', "$base/two.log", '--bindir', bindir() ], @as_admin, env => { PG_CLUSTER_CONF_ROOT => $root });
is($clone->{status}, 0, 'a standby is made') or BAIL_OUT($clone->{output});
%own = map { $_ => slurp("$config{$_}/postgresql.conf") } qw(one two);
proven('one', 'two', 'after the clone');

# --- the primary crashes with a commit that its standby never got: promote, and rejoin with a rewind

crash('one', 'two');
my $result = run_tool([ 'promote', '-w', '-D', $directory{two}, '-U', 'postgres' ], @as_admin);
is($result->{status}, 0, 'promote finds the server that its directory is run by') or diag($result->{output});

$result = rejoin('two', 'one');
is($result->{status}, 4, 'where its configuration is, rejoin has to be told');
like($result->{stderr}, qr/no postgresql\.conf in.*HINT.*--config-dir/s, 'and says so');
ok(!-e "$directory{one}/standby.signal", 'and changes nothing');
$result = rejoin('two', 'one', '--config-dir', $config{one}, '--way', 'rewind');
is($result->{status}, 0, 'then it rejoins') or diag($result->{output});
like($result->{stderr}, qr/has to be rewound/, 'by pg_rewind');
proven('two', 'one', 'after the rejoin');

# --- switchover, and back: it asks the server where its configuration is

$result = switchover('two', 'one');
is($result->{status}, 0, 'the roles are changed') or diag($result->{output});
proven('one', 'two', 'after the switchover');
$result = switchover('one', 'two');
is($result->{status}, 0, 'and back') or diag($result->{output});
proven('two', 'one', 'after the second switchover');

# --- a rejoin that compares

crash('two', 'one');
$result = run_tool([ 'promote', '-w', login('one') ], @as_admin);
is($result->{status}, 0, 'promote over a connection') or diag($result->{output});
$result = rejoin('one', 'two', '--config-dir', $config{two});
is($result->{status}, 0, 'the other one rejoins') or diag($result->{output});
like($result->{stderr}, qr/What differs has to be fetched/, 'by fetching what differs');
proven('one', 'two', 'after the second rejoin');

# --- and it is a cluster of postgresql-common still

SKIP:
{
	skip "postgresql-common is not installed, or has no programs of PostgreSQL $major", 3
	  unless -x "/usr/lib/postgresql/$major/bin/pg_ctl" && grep { -x "$_/pg_ctlcluster" } split /:/, $ENV{PATH};
	my %environment = (@as_admin, env => { PG_CLUSTER_CONF_ROOT => $root });
	like(run_program([ 'pg_lsclusters', '-h' ], %environment)->{stdout}, qr/^$major\s+two\s+$port{two}\s+online,recovery/m, 'pg_lsclusters lists it');
	run_program([ 'pg_ctlcluster', $major, 'two', 'stop' ], %environment);
	my $start = run_program([ 'pg_ctlcluster', $major, 'two', 'start' ], %environment);
	is($start->{status}, 0, 'pg_ctlcluster stops and starts it') or diag($start->{output});
	ok(poll_until(sub { (on('two', 'SELECT status FROM pg_stat_wal_receiver') || '') eq 'streaming' }, 30), 'and it streams');
}

done_testing();
