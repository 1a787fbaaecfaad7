# replica.slots says who uses a slot, what it costs, when the disk is full, and why there is no such time.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use ReplicaTest qw(server_major);
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(allows_streaming => 1, extra => ['--no-locale']);
$node->append_conf('postgresql.conf', "wal_keep_size = 0\nmax_slot_wal_keep_size = -1\ncheckpoint_timeout = 1h");
$node->start;
$node->safe_psql('postgres', $_)
  for 'CREATE EXTENSION pg_replica', q{SELECT replica.create_slot('used')}, q{SELECT replica.create_slot('unused')},
  q{SELECT pg_create_physical_replication_slot('empty')}, 'CREATE ROLE regress_watcher LOGIN IN ROLE pg_monitor';
my $has_statistics = server_major() >= 14;

sub slot {
    my ($columns, $slot, %options) = @_;
    return $node->safe_psql('postgres', "SELECT $columns FROM replica.slots WHERE slot_name = '$slot'", %options);
}

$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->append_conf('postgresql.conf', "primary_slot_name = 'used'\nhot_standby_feedback = on\nwal_receiver_status_interval = 1");
$standby->start;
$node->poll_query_until('postgres', q{SELECT active FROM replica.slots WHERE slot_name = 'used'}) or die 'nobody streams';

# --- who

my @watcher = (extra_params => [ '-U', 'regress_watcher' ]);
is(slot('used_by', 'used'), 'standby', 'the standby that streams is named');
is(slot('used_by', 'used', @watcher), 'standby', 'to pg_monitor, too');
like(slot('used_by', 'unused'), server_major() >= 17 ? qr/^nobody since 20\d\d-/ : qr/^nobody$/, 'nobody is called so');
$node->poll_query_until('postgres', q{SELECT xmin_age >= 0 FROM replica.slots WHERE slot_name = 'used'})
    or die 'no feedback arrived';
pass('what the slot keeps from VACUUM is counted');
is(slot('xmin_age IS NULL', 'unused'), 't', 'and NULL where it keeps nothing');

# --- how long

is(slot('time_to_full IS NULL, time_basis', 'empty'), 't|the slot retains no WAL', 'a slot that retains nothing fills nothing');
SKIP: {
    skip 'pg_stat_wal is new in 14', 3 unless $has_statistics;
    $node->safe_psql('postgres', q{SELECT pg_stat_reset_shared('wal')});
    is(slot('time_to_full IS NULL, time_basis', 'unused'), 't|the WAL statistics are younger than 30 seconds',
        'a rate is not taken from a moment');
    $node->safe_psql('postgres', 'CREATE TABLE regress_t AS SELECT g FROM generate_series(1, 10000) g');
    $node->poll_query_until('postgres', q{SELECT time_to_full IS NOT NULL FROM replica.slots WHERE slot_name = 'unused'})
        or die 'no estimate';
    like(slot(q{time_to_full > '1 second', free_bytes > 0, time_basis}, 'unused'),
        qr/^t\|t\|\S+ \w+ of WAL an hour on the mean of the last \d+ seconds; then the disk of pg_wal is full$/,
        'without a bound the disk is what ends it');
    $node->append_conf('postgresql.conf', q{max_slot_wal_keep_size = '64MB'});
    $node->reload;
    $node->poll_query_until('postgres', q{SELECT safe_wal_size IS NOT NULL FROM replica.slots WHERE slot_name = 'unused'})
        or die 'no bound';
    like(slot('time_basis', 'unused'), qr/; then max_slot_wal_keep_size is reached$/, 'with a bound it comes first');
}
is(slot(q{time_basis ~ 'from PostgreSQL 14 on'}, 'unused'), 't', 'no statistics: said so') unless $has_statistics;

# on the standby
$standby->safe_psql('postgres', q{SELECT replica.create_slot('cascade')});
is($standby->safe_psql('postgres', q{SELECT time_to_full IS NULL, time_basis FROM replica.slots WHERE slot_name = 'cascade'}),
    't|a standby writes no WAL of its own', 'a standby has no rate of its own');
$standby->stop;

# --- given up

$node->append_conf('postgresql.conf', q{max_slot_wal_keep_size = '1MB'});
$node->reload;
$node->safe_psql('postgres', q{SELECT pg_switch_wal(); CREATE TABLE regress_u AS SELECT 1; SELECT pg_switch_wal();
    CREATE TABLE regress_v AS SELECT 1; CHECKPOINT});
$node->poll_query_until('postgres', q{SELECT wal_status = 'lost' FROM replica.slots WHERE slot_name = 'unused'}) or die 'not lost';
is(slot('invalidation_reason, time_basis', 'unused'), 'wal_removed|the slot retains no WAL', 'a slot that was given up says why');
$node->stop('immediate');

done_testing();
