# A refresh while the primary is written to, with tables, databases and tablespaces that come and go.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use RefreshTest;
use Test::More;

my $primary = refresh_primary(config => "shared_buffers = 16MB\nbgwriter_delay = 10ms\n");
my $base = $primary->base;
my $port = free_port();
my $directory = new_standby_directory($primary);
my @as_admin = (passfile => $primary->passfile);
mkdir "$base/$_" for qw(space1 space2 standby_space1);
$primary->psql_ok("CREATE TABLESPACE space1 LOCATION '$base/space1'");
$primary->psql_ok('CREATE TABLE in_space1 TABLESPACE space1 AS SELECT * FROM big LIMIT 3000');

my $clone = run_tool(clone_arguments($primary, $directory, $port, 'standby1', '--prepare', '-T', "$base/space1=$base/standby_space1"), @as_admin);
is($clone->{status}, 0, 'a standby with a tablespace is made') or BAIL_OUT($clone->{output});

for my $round ('stopped', 'killed')
{
	my @load = start_load($primary, 'ALTER TABLE churn SET TABLESPACE space1', 'ALTER TABLE in_space1 SET TABLESPACE pg_default', 'ALTER TABLE in_space1 SET TABLESPACE space1');
	stop_server($directory, $round eq 'stopped' ? 'fast' : 'immediate');
	sleep 3;
	my @more = ('-j', $round eq 'stopped' ? 1 : 3);
	my $refresh = run_tool(refresh_arguments($primary, $directory, @more), @as_admin);
	is($refresh->{status}, 0, "$round: refreshed under load, started and proven") or diag($refresh->{output});
	stop_load(@load);
	is(readlink((glob "$directory/pg_tblspc/*")[0]), "$base/standby_space1", "$round: the tablespace stays in its place");
	is_the_same($primary, $directory, $port, $round);
	is(start_standby($directory), 0, "$round: it starts again");
}

# --- a tablespace more, and one less, while the standby is away

stop_server($directory, 'fast');
$primary->psql_ok("CREATE TABLESPACE space2 LOCATION '$base/space2'");
$primary->psql_ok('CREATE TABLE in_space2 TABLESPACE space2 AS SELECT * FROM big LIMIT 3000');
$primary->psql_ok($_) for 'DROP TABLE in_space1', 'DROP TABLE IF EXISTS churn', 'DROP TABLESPACE space1';
my $refused = run_tool(refresh_arguments($primary, $directory), @as_admin);
is($refused->{status}, 6, 'a new tablespace in the place of the primary\'s own is refused');
like($refused->{output}, qr/is not empty.*-T \S+space2=/s, 'and -T is named');
is_refused($primary, $directory, 'refused');
my $refresh = run_tool(refresh_arguments($primary, $directory, '-T', "$base/space2=$base/standby_space2"), @as_admin);
is($refresh->{status}, 0, 'with -T it is refreshed') or diag($refresh->{output});
is(join(' ', map { readlink } glob "$directory/pg_tblspc/*"), "$base/standby_space2", 'the new tablespace has its own place, the old one is gone');
is(join(' ', glob "$base/standby_space1/*"), '', 'nothing is left in the old one');
ok(scalar(glob "$base/space2/PG_*"), 'the primary still has its own');
is_the_same($primary, $directory, $port, 'tablespaces');

done_testing();
