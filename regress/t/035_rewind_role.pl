# The role of create_rewind_role is what pg_rewind needs to bring back a former primary, and no more.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $old = PostgreSQL::Test::Cluster->new('old');
$old->init(allows_streaming => 1);
$old->append_conf('postgresql.conf', "wal_log_hints = on\nwal_keep_size = 128MB\nautovacuum = off\n");
$old->start;
$old->safe_psql('postgres', 'CREATE EXTENSION pg_replica; CREATE TABLE t (v text); CREATE ROLE bare LOGIN; CREATE DATABASE other');
is($old->safe_psql('postgres', "SELECT count(*) FROM replica.create_rewind_role('rewinder') WHERE changed"), '6',
	'a role with a login and four grants');
$old->backup('b');
my $new = PostgreSQL::Test::Cluster->new('new');
$new->init_from_backup($old, 'b', has_streaming => 1);
$new->start;
$old->wait_for_catchup($new);

# the standby takes over, and the old primary goes on: their timelines part
$new->promote;
$new->safe_psql('postgres', "INSERT INTO t VALUES ('on the new primary'); CHECKPOINT");
$old->safe_psql('postgres', "INSERT INTO t VALUES ('lost on the old primary')");
$old->stop('fast');

sub rewind
{
	my ($role, $database) = @_;
	return PostgreSQL::Test::Utils::run_log(
		[ 'pg_rewind', '--target-pgdata', $old->data_dir, '--no-sync', '--source-server', $new->connstr($database) . " user=$role" ]);
}

my $tree = slurp_dir_sizes();
ok(!rewind('bare', 'postgres'), 'a role without the grants cannot');
ok(!rewind('rewinder', 'other'), 'nor can this one in another database: the grants are of the one where they were given');
is(slurp_dir_sizes(), $tree, 'and both leave the old primary as it is');

my $data = $old->data_dir;
my $configuration = slurp_file("$data/postgresql.conf");
ok(rewind('rewinder', 'postgres'), 'the role of create_rewind_role can');
unlink "$data/postgresql.conf";
append_to_file("$data/postgresql.conf", $configuration);
$old->enable_streaming($new);
$old->set_standby_mode;
$old->start;
ok($new->poll_query_until('postgres', 'SELECT count(*) = 1 FROM pg_stat_replication'), 'the old primary follows');
$new->wait_for_catchup($old);
is($old->safe_psql('postgres', 'SELECT v FROM t'), 'on the new primary', 'with the data of the new one');

is($new->safe_psql('postgres', "SELECT changed FROM replica.drop_role('rewinder')"), 't', 'the role can be dropped with its grants');
is($new->safe_psql('postgres', "SELECT count(*) FROM pg_shdepend d WHERE refclassid = 'pg_authid'::regclass"
		  . " AND NOT EXISTS (SELECT FROM pg_authid WHERE oid = d.refobjid)"), '0', 'and nothing of it is left');
done_testing();

# A text that changes when a file of the old primary does.
sub slurp_dir_sizes
{
	my $listing = `find '@{[ $old->data_dir ]}' -type f -printf '%P %s\n' | sort`;
	return $listing;
}
