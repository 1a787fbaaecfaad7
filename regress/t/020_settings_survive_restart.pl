# What set_settings wrote is in effect after a restart, and nothing that it or reset_settings leaves behind keeps the
# server from coming up again.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use ReplicaTest qw(server_major);
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(extra => ['--no-locale']);
$node->append_conf('postgresql.conf', "wal_level = minimal\nmax_wal_senders = 0\nmax_replication_slots = 0");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pg_replica');
my $auto_conf = $node->data_dir . '/postgresql.auto.conf';

sub error_of {
    my ($statement) = @_;
    my ($rc, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\n$statement");
    return $err;
}

sub restart_with {
    my (@options) = @_;
    $node->stop;
    PostgreSQL::Test::Utils::system_or_bail('pg_ctl', '--wait', '--pgdata', $node->data_dir, '--log', $node->logfile,
        '--options', "@options", 'start');
    $node->_update_pid(1);
}

# from a server that cannot replicate at all to one that can, by one restart
is($node->safe_psql('postgres', q{SELECT string_agg(name, ' ') FROM replica.settings(12) WHERE NOT sufficient
    AND name <> 'wal_log_hints'}), 'wal_level max_wal_senders max_replication_slots', 'what is missing is named');
is($node->safe_psql('postgres', q{SELECT string_agg(name || '=' || asked, ' ') FROM replica.set_settings(12)
    WHERE changed AND pending_restart AND in_effect <> asked AND name <> 'wal_log_hints'}),
    'wal_level=replica max_wal_senders=14 max_replication_slots=13', 'a value that waits for a restart is reported so');
$node->restart;
is($node->safe_psql('postgres', 'SELECT bool_and(sufficient) AND NOT bool_or(pending_restart) FROM replica.settings(12)'),
    't', 'after the restart everything is in effect');

# taking it back would lose a slot: refused; without the slot it is done, and the server comes up
$node->safe_psql('postgres', q{SELECT replica.create_slot('standby1')});
like(error_of('SELECT * FROM replica.reset_settings()'), qr/55000: the next start of the server would fail or lose standbys with these settings.*slots/s,
    'settings that a slot needs are not taken back');
is($node->safe_psql('postgres', 'SHOW max_wal_senders'), '14', 'and stay');
$node->safe_psql('postgres', q{SELECT replica.drop_slot('standby1')});
$node->safe_psql('postgres', 'SELECT * FROM replica.reset_settings()');
$node->restart;
is($node->safe_psql('postgres', 'SHOW wal_level'), 'minimal', 'taken back, and the server came up');

# values fixed by the command line are named and nothing is written
restart_with('-c wal_level=minimal', '-c max_wal_senders=0');
my $before = slurp_file($auto_conf);
like(error_of('SELECT * FROM replica.set_settings()'),
    qr/55000: ALTER SYSTEM has no effect on: wal_level, max_wal_senders.*wal_level = minimal comes from the command line/s,
    'values fixed by the command line are named');
like(error_of('SELECT * FROM replica.set_settings(dry_run => true)'), qr/55000: ALTER SYSTEM has no effect on/,
    'a dry run says so, too');
is(slurp_file($auto_conf), $before, 'no value was written, not even one that is not fixed');
restart_with('-c wal_level=replica', '-c max_wal_senders=20', '-c max_replication_slots=20', '-c wal_log_hints=on');
is($node->safe_psql('postgres', 'SELECT count(*) FROM replica.set_settings() WHERE changed'), '0',
    'values that are fixed high enough are good');
$node->stop;
$node->start;

# files that are damaged already are named and left alone
append_to_file($auto_conf, "nonsense without a value 'x\n");
$before = slurp_file($auto_conf);
like(error_of('SELECT * FROM replica.set_settings()'),
    qr/F0000: configuration files contain errors.*postgresql\.auto\.conf, line \d+: /s, 'a damaged file is named');
is(slurp_file($auto_conf), $before, 'and left alone');
$before =~ s/^nonsense.*\n//m;
open my $file, '>', $auto_conf or die; print $file $before; close $file;
my $sound = slurp_file($node->data_dir . '/postgresql.conf');
$node->append_conf('postgresql.conf', "wal_keep_size = 'a lot'");
like(error_of('SELECT * FROM replica.set_settings()'), qr/F0000: configuration files contain errors.*postgresql\.conf, line/s,
    'a value that no server takes is an error of the file');
open $file, '>', $node->data_dir . '/postgresql.conf' or die; print $file $sound, "wal_keep_size = '16MB'\n"; close $file;

# a file that cannot be written is named before the first value
chmod 0400, $auto_conf;
like(error_of('SELECT * FROM replica.set_settings()'),
    qr/F0000: postgresql\.auto\.conf cannot be written.*Permission denied/s, 'a read-only file is named');
chmod 0600, $auto_conf;
chmod 0500, $node->data_dir;
like(error_of('SELECT * FROM replica.set_settings()'),
    qr/F0000: postgresql\.auto\.conf cannot be written.*the data directory: Permission denied/s,
    'a read-only data directory is named');
chmod 0700, $node->data_dir;
is(slurp_file($auto_conf), $before, 'no value was written');

# a write that fails all the same leaves no record, no value, and no lock of the server behind
mkdir "$auto_conf.tmp" or die;
my (undef, undef, $twice) = $node->psql('postgres', "SELECT * FROM replica.set_settings();\nSELECT * FROM replica.set_settings();",
    on_error_stop => 0);
is(() = $twice =~ /ERROR: .*postgresql\.auto\.conf\.tmp/g, 2, 'a failing write is an error, and the session goes on');
rmdir "$auto_conf.tmp" or die;
is($node->safe_psql('postgres', 'SELECT count(*) FROM replica.setting_history'), '0', 'nothing is recorded');
is(slurp_file($auto_conf), $before, 'no value was written');

# a lower value that waits in a file for the next start counts
is($node->safe_psql('postgres', q{SELECT asked FROM replica.set_settings() WHERE name = 'wal_level' AND changed}), 'replica',
    'what the file would have lowered is raised');

# an owner of the configuration that switched ALTER SYSTEM off is respected
SKIP: {
    skip 'allow_alter_system is new in 17', 1 if server_major() < 17;
    $node->safe_psql('postgres', 'SELECT * FROM replica.reset_settings()');
    $node->append_conf('postgresql.conf', 'allow_alter_system = off');
    $node->reload;
    like(error_of('SELECT * FROM replica.set_settings()'), qr/55000: ALTER SYSTEM is switched off on this server/,
        'allow_alter_system = off is named');
    $node->append_conf('postgresql.conf', 'allow_alter_system = on');
    $node->reload;
    $node->safe_psql('postgres', 'SELECT * FROM replica.set_settings()');
}
$node->restart;

# a library archives only when it is named, and only one that is there
SKIP: {
    skip 'archive_library is new in 15', 9 if server_major() < 15;
    for my $library ('/tmp/mine', '../mine', "a'b", '') {
        like(error_of("SELECT * FROM replica.set_settings(archive_library => " . "'" . ($library =~ s/'/''/gr) . "')"),
            qr/22023: archive_library is not the bare name of a library/, "no library: '$library'");
    }
    like(error_of(q{SELECT * FROM replica.set_settings(archive_library => 'no_such_library')}),
        qr/22023: there is no archive library "no_such_library"/, 'one that the server does not have');
    # any library is good enough to be named
    is($node->safe_psql('postgres', q{SELECT string_agg(name || '=' || asked, ' ') FROM replica.set_settings(archive_library => 'pg_replica')
        WHERE name ~ '^archive' AND changed}), 'archive_mode=on archive_library=pg_replica', 'one that it has is set');
    like(error_of(q{SELECT * FROM replica.set_settings(archive_command => 'true')}),
        qr/55000: WAL is archived by another library already/, 'and not replaced by a command');
    $node->safe_psql('postgres', q{UPDATE replica.setting_history SET before = 'mine' WHERE name = 'archive_library'});
    is($node->safe_psql('postgres', q{SELECT asked = '', note ~ 'ALTER SYSTEM SET archive_library TO' FROM replica.reset_settings()
        WHERE name = 'archive_library'}), 't|t', 'reset_settings takes no library from its table');
    is($node->safe_psql('postgres', q{SELECT status FROM replica.check() WHERE name = 'configuration_files'}), 'ok',
        'a value taken out of the files is no error of theirs');
    $node->safe_psql('postgres', 'SELECT * FROM replica.set_settings()');
}
$node->restart;

# a standby shows its settings and changes none
$node->backup('clone');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'clone', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is($standby->safe_psql('postgres', 'SELECT count(*) FROM replica.settings()'), server_major() < 15 ? '9' : '10', 'a standby shows its settings');
my ($rc, $out, $err) = $standby->psql('postgres', 'SELECT * FROM replica.set_settings()');
like($err, qr/replica\.set_settings cannot run on a standby/, 'and changes none');
($rc, $out, $err) = $standby->psql('postgres', q{SELECT * FROM replica.create_role('regress_replica')});
like($err, qr/replica\.create_role cannot run on a standby/, 'nor a role');

# the role that a standby streams with stays
$node->safe_psql('postgres', q{SELECT * FROM replica.create_role('regress_streams', 'secret')});
is($node->safe_psql('postgres', q{SELECT count(*) FROM replica.create_role('regress_streams', 'secret') WHERE changed}), '0',
    'the same password again is no change');
$standby->stop;
$standby->append_conf('postgresql.auto.conf', "primary_conninfo = '" . ($node->connstr =~ s/'/''/gr) . " user=regress_streams'");
$standby->start;
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_replication WHERE usename = 'regress_streams'})
    or die 'the standby does not stream';
like(error_of(q{SELECT * FROM replica.drop_role('regress_streams')}), qr/55006: role "regress_streams" is in use/,
    'a role that a standby streams with is not dropped');
like($node->safe_psql('postgres', q{SELECT note FROM replica.set_settings(40, dry_run => true) WHERE name = 'max_wal_senders'}),
    qr/raise it there first: standby/, 'standbys that a larger limit would stop are named');
$standby->stop;
is($node->safe_psql('postgres', q{SELECT changed FROM replica.drop_role('regress_streams')}), 't', 'without one it is');

# no password in the log, not even that of a call that fails
$node->psql('postgres', q{SET log_statement = none;
    SELECT * FROM replica.create_role('postgres', 'PlainSecret1')});
my $log = slurp_file($node->logfile);
like($log, qr/role "postgres" is a superuser/, 'a failing call is in the log');
unlike($log, qr/PlainSecret1/, 'its password is not');

done_testing();
