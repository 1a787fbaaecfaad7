# Each row of replica.check names the fault that it is for, provoked on a real server, and the hints that are SQL mend it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use ReplicaTest qw(server_major);
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('primary');
my @initdb = ('--no-locale');
push @initdb, '--no-data-checksums' if server_major() >= 18;
$node->init(extra => \@initdb);
$node->append_conf('postgresql.conf', "wal_level = minimal\nmax_wal_senders = 0\nmax_replication_slots = 1");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pg_replica');
my $conf = $node->data_dir . '/postgresql.conf';
my $hba = $node->data_dir . '/pg_hba.conf';

# row_of(name, arguments of check, options of psql): "status|detail|hint"
sub row_of {
    my ($name, $arguments, %options) = @_;
    my $server = delete $options{server} || $node;
    return $server->safe_psql('postgres',
        "SELECT status, detail, hint FROM replica.check($arguments) WHERE name = '$name'", %options);
}

sub write_file {
    my ($path, $content) = @_;
    open my $file, '>', $path or die "cannot write $path: $!";
    print $file $content;
    close $file or die "cannot write $path: $!";
    return;
}

# with_line(file, line, what is to be seen then): the file is put back afterwards
sub with_line {
    my ($path, $line, $seen) = @_;
    my $before = slurp_file($path);
    append_to_file($path, "$line\n");
    $seen->();
    write_file($path, $before);
    return;
}

# reload_until(a condition in SQL): another process reads the files first
sub reload_until {
    my ($condition) = @_;
    $node->safe_psql('postgres', 'SELECT pg_reload_conf()');
    $node->poll_query_until('postgres', "SELECT $condition") or die "never came true: $condition";
    return;
}

my $pending = sub { return "pending_restart FROM pg_settings WHERE name = '$_[0]'" };
my $named = q{SELECT pending_restart FROM replica.node};

# --- a new value that waits for a restart

is(row_of('wal_level', ''),
    q{error|wal_level = minimal. WAL holds too little for a standby.|ALTER SYSTEM SET wal_level = 'replica'; -- then restart the server},
    'wal_level: too low');
is(row_of('rewind', ''),
    q{warning|Neither data checksums nor wal_log_hints are on: pg_rewind cannot bring back a former primary.|}
      . q{ALTER SYSTEM SET wal_log_hints = 'on'; -- then restart the server}, 'rewind: impossible');
$node->safe_psql('postgres', q{ALTER SYSTEM SET wal_level = 'replica'});
$node->safe_psql('postgres', q{ALTER SYSTEM SET wal_log_hints = 'on'});
reload_until($pending->('wal_log_hints'));
is(row_of('wal_level', ''),
    'error|wal_level = minimal. Its new value waits for a restart.|Restart the server.', 'wal_level: set, waits for a restart');
is(row_of('rewind', ''),
    'warning|wal_log_hints = on waits for a restart: until then pg_rewind cannot bring back a former primary.|Restart the server.',
    'rewind: set, waits for a restart');
is(row_of('pending_restart', ''),
    'error|New values of these settings wait for a restart: wal_level, wal_log_hints.|Restart the server.',
    'pending_restart: names both, an error as no clone works without the one');
is($node->safe_psql('postgres', $named), '{wal_level,wal_log_hints}', 'so does the view node');
like(row_of('configuration_files', ''), qr/^ok\|/, 'a value that waits is no error of the file');

# taken back before any restart
$node->safe_psql('postgres', 'ALTER SYSTEM RESET wal_log_hints');
$node->safe_psql('postgres', 'ALTER SYSTEM SET work_mem = 1234');
reload_until(q{setting = '1234' FROM pg_settings WHERE name = 'work_mem'});
is(row_of('pending_restart', ''),
    'error|New values of these settings wait for a restart: wal_level.|Restart the server.', 'what was taken back is not named');
is($node->safe_psql('postgres', $named), '{wal_level}', 'nor by the view node');
like(row_of('rewind', ''), qr/^warning\|Neither .*ALTER SYSTEM/, 'rewind: impossible again');
$node->safe_psql('postgres', 'ALTER SYSTEM RESET wal_level');
reload_until(q{NOT pending_restart FROM pg_settings WHERE name = 'wal_level'});
is(row_of('pending_restart', ''), 'ok|No setting waits for a restart.|', 'pending_restart: none left');
is($node->safe_psql('postgres', $named), '{}', 'nor in the view node');

# --- files that the next start would fail with

with_line($conf, 'nonsense without a value', sub {
    like(row_of('configuration_files', ''),
        qr/^error\|\S*postgresql\.conf line \d+: .*syntax error.*\|Mend these lines .* the next start of the server may fail\.$/,
        'configuration_files: a line that is none');
});
with_line($conf, "maintenance_work_mem = 'a lot'", sub {
    like(row_of('configuration_files', ''), qr/^error\|\S*postgresql\.conf line \d+: maintenance_work_mem: /,
        'configuration_files: a value that is none');
});
like(row_of('configuration_files', ''), qr/^ok\|/, 'configuration_files: mended');

with_line($hba, 'host replication all 192.0.2.0/99 scram-sha-256', sub {
    like(row_of('hba_file', ''),
        qr/^error\|\S*pg_hba\.conf line \d+: .*192\.0\.2\.0\/99.* the next start of the server fails\.\|Mend these lines/,
        'hba_file: a line with an error');
    like(row_of('admission', q{1, 'nobody', '192.0.2.10'}),
        qr/^warning\|.*: unknown by \S*pg_hba\.conf:\d+\. Line \d+ has an error.*\|SELECT \* FROM replica\.hba_decision/,
        'admission: not to be told while the file has an error');
});
like(row_of('hba_file', ''), qr/^ok\|/, 'hba_file: mended');

# --- the role and the way in

$node->safe_psql('postgres', q{CREATE ROLE regress_r NOLOGIN REPLICATION VALID UNTIL '2020-01-01 00:00:00+00'});
my $whom = q{1, 'regress_r', '192.0.2.10'};
like(row_of('admission', $whom),
    qr/^error\|.*: no match\.\|SELECT \* FROM replica\.allow_standby\('regress_r', '192\.0\.2\.10'\);$/, 'admission: nobody lets it in');
$node->safe_psql('postgres', q{SELECT * FROM replica.allow_standby('regress_r', '192.0.2.10')});
like(row_of('admission', $whom), qr/^ok\|.*: accept by \S*pg_hba\.conf:\d+\. Method scram-sha-256\.\|$/, 'admission: mended by the hint');
is(row_of('role_password', $whom),
    'error|Role "regress_r" has no password, and the line of pg_hba.conf that decides asks for one (scram-sha-256).|\password "regress_r"',
    'role_password: none, where one is asked for');
is(row_of('role_login', $whom), 'error|Role "regress_r" has no LOGIN attribute.|ALTER ROLE "regress_r" LOGIN;', 'role_login: NOLOGIN');
like(row_of('role_expiry', $whom), qr/^error\|The password of role "regress_r" expired at 20.*\|ALTER ROLE "regress_r" VALID UNTIL 'infinity';$/,
    'role_expiry: expired');
like(row_of('role_expiry', q{1, 'regress_r'}), qr/^ok\|.* expired at .*, and the line of pg_hba\.conf that decides does not look at it \(trust\)\.\|$/,
    'role_expiry: of no matter where no password is asked for');
is(row_of('listen_addresses', $whom),
    q{error|listen_addresses = ''. Nobody at 192.0.2.10 can connect.|ALTER SYSTEM SET listen_addresses = '*'; -- then restart the server},
    'listen_addresses: sockets only');
is(row_of('listen_addresses', q{1, 'regress_r', 'local'}), q{ok|listen_addresses = ''.|}, 'and good for a standby that uses the socket');
$node->safe_psql('postgres', q{ALTER ROLE regress_r LOGIN CONNECTION LIMIT 2});
like(row_of('role_connection_limit', $whom), qr/^ok\|.* limit of 2, 0 in use; 2 more needed\./, 'role_connection_limit: just enough');
my $session = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') . ' user=regress_r', '-c', 'SELECT pg_sleep(60)' ],
    '<', \undef, '>', '/dev/null', '2>', '/dev/null');
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE usename = 'regress_r'}) or die 'no session';
is(row_of('role_connection_limit', $whom),
    'error|Role "regress_r" has a connection limit of 2, 1 in use; 2 more needed.|ALTER ROLE "regress_r" CONNECTION LIMIT 3;',
    'role_connection_limit: used up');
$node->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'regress_r'});
$session->finish;

# --- what a copy does not carry, or would collide with

$node->safe_psql('postgres', 'CREATE UNLOGGED TABLE regress_u AS SELECT 1 AS i');
like(row_of('unlogged_tables', ''), qr/^warning\|This database has 1 unlogged table\(s\).*they are empty on every standby\.\|SELECT oid::regclass/,
    'unlogged_tables: one');
my $space = PostgreSQL::Test::Utils::tempdir('space');
$node->safe_psql('postgres', qq{CREATE TABLESPACE "regress Space" LOCATION '$space'});
is(row_of('tablespaces', ''),
    qq{warning|Tablespaces outside of the data directory: "regress Space" at $space.|}
      . 'Give a standby on the same host other places: --tablespace-mapping=OLDDIR=NEWDIR.', 'tablespaces: one');
$node->safe_psql('postgres', q{DROP TABLESPACE "regress Space"; DROP TABLE regress_u});

# --- the one restart: values fixed by the command line, an archiver that fails, a standby

$node->append_conf('postgresql.conf', "archive_mode = on\narchive_command = 'false'");
$node->stop;
PostgreSQL::Test::Utils::system_or_bail('pg_ctl', '--wait', '--silent', '--pgdata', $node->data_dir, '--log', $node->logfile,
    '--options', '-c wal_level=replica -c max_wal_senders=3', 'start');
$node->_update_pid(1);

like(row_of('configuration_files', ''),
    qr/^warning\|.*: wal_level: .* \(fixed by the command line\); .*max_wal_senders: .* \(fixed by the command line\)\.\|Set these where the server is started/,
    'configuration_files: lines that the command line overrides');
reload_until(q{pending_restart FROM pg_settings WHERE name = 'wal_level'});
is(row_of('pending_restart', ''), 'ok|No setting waits for a restart.|', 'pending_restart: no restart changes what the command line fixes');
is($node->safe_psql('postgres', $named), '{}', 'nor does the view node name it');
is(row_of('max_wal_senders', '2'),
    q{error|max_wal_senders = 3, 0 in use, 3 free; 4 (one per standby, two for a clone) needed.|max_wal_senders is fixed by the server's command line, }
      . 'which ALTER SYSTEM cannot change: set it to 10 there and restart the server.', 'max_wal_senders: fixed by the command line');
is(row_of('max_replication_slots', '2'),
    q{error|max_replication_slots = 1, 0 in use, 1 free; 2 (one per standby) needed.|ALTER SYSTEM SET max_replication_slots = '10'; }
      . '-- then restart the server', 'max_replication_slots: too few');

like(row_of('archiver', ''), qr/^ok\|archive_mode = on, and the last attempt succeeded\./, 'archiver: nothing to do yet');
$node->safe_psql('postgres', 'SELECT pg_switch_wal()');
$node->poll_query_until('postgres', 'SELECT failed_count > 0 FROM pg_stat_archiver') or die 'the archiver does not fail';
like(row_of('archiver', ''), qr/^warning\|Archiving fails at [0-9A-F]{24} \(\d+ failures\): WAL piles up on this server\.\|SELECT \* FROM pg_stat_archiver/,
    'archiver: fails');

$node->safe_psql('postgres', q{ALTER SYSTEM SET synchronous_standby_names = 'standby'});
reload_until(q{current_setting('synchronous_standby_names') = 'standby'});
is(row_of('synchronous_standbys', ''),
    q{error|synchronous_standby_names = 'standby' wants 1 of its standbys, 0 can confirm: every commit hangs, also that of CREATE ROLE.|}
      . q{ALTER SYSTEM SET synchronous_standby_names = ''; SELECT pg_reload_conf(); -- until these standbys stream},
    'synchronous_standbys: nobody confirms');

$node->backup('clone');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'clone', has_streaming => 1);
$standby->append_conf('postgresql.conf', "archive_mode = off\nwal_level = replica\nmax_wal_senders = 3");
$standby->start;
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'}) or die 'no standby';
like(row_of('synchronous_standbys', ''), qr/^ok\|.*wants 1 of its standbys, 1 stream\.\|$/, 'synchronous_standbys: mended by the standby');
$node->wait_for_catchup($standby, 'replay', $node->lsn('flush'));
is(row_of('primary', '', server => $standby),
    q{error|This server is itself a standby: roles, the extension and synchronous commits are its primary's.|}
      . 'SELECT sender_host, sender_port FROM pg_stat_wal_receiver; -- and check there', 'primary: asked of a standby');

# --- a role that may not see it

$node->safe_psql('postgres', q{CREATE ROLE regress_stranger LOGIN;
    GRANT USAGE ON SCHEMA replica TO regress_stranger;
    GRANT EXECUTE ON FUNCTION replica.check(integer, text, text, boolean) TO regress_stranger});
my %as_stranger = (extra_params => [ '-U', 'regress_stranger' ]);
is(row_of('standby_names', '', %as_stranger),
    'warning|The role regress_stranger may not see the names of the standbys.|GRANT pg_monitor TO regress_stranger;',
    'standby_names: not to be seen without pg_monitor');
is(row_of('synchronous_standbys', '', %as_stranger),
    q{warning|synchronous_standby_names = 'standby' wants 1 of its standbys; the role regress_stranger may not see how many stream.|}
      . 'GRANT pg_monitor TO regress_stranger;', 'synchronous_standbys: likewise');
$node->safe_psql('postgres', 'GRANT pg_monitor TO regress_stranger;');
like(row_of('standby_names', '', %as_stranger), qr/^ok\|/, 'standby_names: mended by the hint');
like(row_of('synchronous_standbys', '', %as_stranger), qr/^ok\|/, 'synchronous_standbys: mended by the hint');

# the flag outlives a value that was taken back, and only the files tell
$node->safe_psql('postgres', q{ALTER SYSTEM SET max_replication_slots = 7});
reload_until($pending->('max_replication_slots'));
like(row_of('pending_restart', ''), qr/^error\|.*max_replication_slots/, 'pending_restart: an error for who may read the files');
like(row_of('pending_restart', '', %as_stranger),
    qr/^warning\|.*max_replication_slots.*\|GRANT EXECUTE ON FUNCTION pg_catalog\.pg_show_all_file_settings\(\) TO regress_stranger;$/,
    'pending_restart: a warning for who cannot tell');

$node->safe_psql('postgres', q{ALTER SYSTEM RESET synchronous_standby_names});
$node->safe_psql('postgres', 'SELECT pg_reload_conf()');
$standby->stop('immediate');
$node->stop('immediate');

done_testing();
