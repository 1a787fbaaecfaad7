# One session survives many of each kind of error that the functions raise, and many more that a function in PL/pgSQL catches,
# and is afterwards what it was before: memory contexts of the server, live C++ objects (what is allocated outside of these
# contexts), open files, memory of the process. PG_REPLICA_SOAK=100000 PG_REPLICA_SOAK_EACH=1000 is the long run; PG_REPLICA_SOAK_ONLY
# takes the kinds whose call it is found in, as a regular expression.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use Test::More;

my $caught = $ENV{PG_REPLICA_SOAK} || 20000;
# before 14 the server does not tell its contexts apart from the rest: one block of theirs more hides small losses
my $slack = server_major() >= 14 ? 4096 : 3 * 4096;
my $each = $ENV{PG_REPLICA_SOAK_EACH} || int($slack / 20);
# a long run meets more of what the server allocates once; a loss of 12 bytes a call is still seen, of 20 in the short one
$slack = 12 * $each if $ENV{PG_REPLICA_SOAK_EACH} && 12 * $each > $slack;

my $primary = stock_primary('primary', extension => 1, config => join("\n", 'wal_level = logical', 'max_replication_slots = 3',
	'log_min_messages = panic', 'log_min_error_statement = panic', 'fsync = off', 'autovacuum = off', "lc_messages = 'C'", ''));
my $base = $primary->base;
my $hba = $primary->data_dir . '/pg_hba.conf';

# --- what the errors need ---

$primary->psql_ok($_) for split(/;\s*/, q{SELECT * FROM replica.create_role('ours', 'secret', 5); SELECT * FROM replica.create_role('used', 'secret');
	CREATE ROLE weak LOGIN; CREATE ROLE foreigner; CREATE ROLE "Mixed"; GRANT USAGE ON SCHEMA replica TO weak;
	GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA replica TO weak; CREATE ROLE held; SELECT * FROM replica.create_role('held_ours');
	ALTER ROLE held_ours NOLOGIN; GRANT held_ours TO weak; SELECT * FROM replica.create_role('lapsed'); ALTER ROLE lapsed NOLOGIN;
	SELECT * FROM replica.create_slot('used'); SELECT pg_create_logical_replication_slot('logical', 'pgoutput');
	SELECT * FROM replica.create_slot('last');
	SELECT * FROM replica.allow_standby('used', '127.0.0.1'); SELECT * FROM replica.allow_standby('used', '10.9.0.1');
	CREATE FUNCTION request(path text) RETURNS bytea LANGUAGE sql AS 'SELECT $$\\x000000010000200000000000$$::bytea
		|| decode(repeat($$5a$$, 192), $$hex$$) || int4send(1) || int4send(length(path)) || path::bytea || int8send(0) || int4send(1) || int4send(0)';
	CREATE FUNCTION narrow() RETURNS TABLE (one text, two text) LANGUAGE C AS 'pg_replica', 'list_slots'});
my $sound = slurp($hba);
write_text("$base/sound_hba", $sound);
write_text("$base/broken_hba", "host replication x 10.0.0.5 md5\n$sound");
write_text($primary->data_dir . '/unreadable', 'x');
chmod(0000, $primary->data_dir . '/unreadable');
my $passfile = write_passfile("$base/used_passfile", [ '*', '*', '*', 'used', 'secret' ]);
mkdir "$base/wal";
my $streaming = fork();
if ($streaming == 0)
{
	$ENV{PGPASSFILE} = $passfile;
	exec('pg_receivewal', '-w', '-n', '-h', $primary->host, '-p', $primary->port, '-U', 'used', '-S', 'used', '-D', "$base/wal");
}
poll_until(sub { $primary->psql_ok(q{SELECT count(*) FROM pg_replication_slots WHERE active}) eq '1' }) or die 'nobody streams';

# --- the errors: what is called, its SQLSTATE, and where it needs that: psql lines before and after, or a role; share => 4: a
# quarter of the number is raised where it is not asked for by PG_REPLICA_SOAK_EACH, and in no function ---

my @errors = (
	[ 'replica.create_role(NULL)', '22004' ],
	[ "replica.create_role('')", '42602' ],
	[ "replica.create_role(E'a\\nb')", '42602' ],
	[ "replica.create_role(repeat('x', 64))", '42602' ],
	[ "replica.create_role('pg_x')", '42939' ],
	[ "replica.create_role('x', '')", '22023' ],
	[ "replica.create_role('x', E'a\\tb')", '22023' ],
	[ "replica.create_role('x', 'md5' || md5('x'))", '22023' ],
	[ "replica.create_role('x', 'SCRAM-SHA-256\$4096:')", '22023' ],
	[ "replica.create_role('x', connection_limit => 0)", '22023' ],
	[ "replica.create_role('x', valid_until => '2001-01-01')", '22023' ],
	[ "replica.create_role('postgres')", '42710' ],
	[ "replica.create_role('foreigner')", '42710' ],
	[ "replica.create_role('ours', connection_limit => 2)", '55000' ],
	[ "replica.create_role('lapsed')", '55000' ],
	[ "replica.create_role('held_ours')", '55000' ],
	[ "replica.create_role('x')", '42501', role => 'weak' ],
	[ "replica.create_role('ours', 'other')", '42501', role => 'weak' ],
	[ "replica.create_role('x')", '25006', before => 'SET default_transaction_read_only = on;', after => 'RESET default_transaction_read_only;' ],
	[ "replica.drop_role('postgres')", '42710' ],
	[ "replica.drop_role('foreigner')", '55000' ],
	[ "replica.drop_role('used')", '55006' ],
	[ "replica.drop_role('ours')", '42501', role => 'weak' ],
	[ "replica.create_rewind_role('x', '')", '22023' ],
	[ "replica.create_rewind_role('ours', 'secret')", '42710' ],
	[ "replica.create_rewind_role('x')", '42501', role => 'weak' ],
	[ "replica.hba_decision(NULL, '127.0.0.1')", '22004' ],
	[ "replica.hba_decision('used', 'db.example.com')", '22023' ],
	[ "replica.hba_decision('used', '10.0.0.0/8')", '22023' ],
	[ "replica.hba_decision('used', '10.0.0.1')", '42501', role => 'weak' ],
	[ "replica.allow_standby('used', '10.0.0.1')", '42501', role => 'weak' ],
	[ "replica.allow_standby('ghost', '10.0.0.1')", '42704' ],
	[ "replica.allow_standby('mixed', '10.0.0.1')", '42704' ],
	[ "replica.allow_standby('used', '10.0.0.1/8')", '22023' ],
	[ "replica.allow_standby('used', '0.0.0.0/0')", '22023' ],
	[ "replica.allow_standby('used', '10.0.0.1', 'hostess')", '22023' ],
	[ "replica.allow_standby('used', '10.0.0.1', 'local')", '22023' ],
	[ "replica.allow_standby('used', '10.0.0.1', auth_method => 'trust')", '22023' ],
	[ "replica.allow_standby('used', '10.0.0.1', 'hostssl')", '55000' ],
	[ "replica.allow_standby(E'a\\nb', '10.0.0.1')", '42602' ],
	[ "replica.allow_standby('used', '10.0.0.1', dry_run => true)", 'F0000',
		before => "\\! cp $base/broken_hba $hba", after => "\\! cp $base/sound_hba $hba" ],
	[ "replica.allow_standby('used', '10.0.0.1')", '42501',
		before => '\\! chmod 0500 ' . $primary->data_dir, after => '\\! chmod 0700 ' . $primary->data_dir, not_root => 1 ],
	[ "replica.disallow_standby(NULL, '10.0.0.1')", '22004' ],
	[ "replica.disallow_standby('used', 'nowhere')", '22023' ],
	[ 'replica.create_slot(NULL)', '22004' ],
	[ "replica.create_slot('Not-Legal')", '42602' ],
	[ "replica.create_slot('logical')", '55000' ],
	[ "replica.create_slot('one_too_many')", '53400' ],
	[ "replica.drop_slot('logical')", '55000' ],
	[ "replica.drop_slot('used')", '55006' ],
	[ 'replica.settings(0)', '22023' ],
	[ "replica.settings(wal_keep_size => 'much')", '22023' ],
	[ "replica.settings(wal_keep_size => E'1\\nGB')", '22023' ],
	[ "replica.settings(max_slot_wal_keep_size => '0')", '22023' ],
	[ "replica.settings(archive_command => '')", '22023' ],
	[ "replica.set_settings()", '42501', role => 'weak' ],
	[ 'replica.set_settings(dry_run => true)', '55P03', locked => 1, before => "SET lock_timeout = '1ms';", after => 'RESET lock_timeout;' ],
	[ 'replica.set_settings(dry_run => true)', '57014', locked => 1, before => "SET statement_timeout = '1ms';", after => 'RESET statement_timeout;' ],
	[ "replica.synchronous_standbys()", '42501', role => 'weak' ],
	[ "replica.set_synchronous_standbys('{a,NULL}')", '22004' ],
	[ "replica.set_synchronous_standbys('{a,A}')", '22023' ],
	[ "replica.set_synchronous_standbys('{a}', 'ALL')", '22023' ],
	[ "replica.set_synchronous_standbys('{a}', num_sync => 2)", '22023' ],
	[ "replica.set_synchronous_standbys('{a}')", '55000' ],
	[ "replica.set_synchronous_standbys('{a}')", '42501', role => 'weak' ],
	[ "replica.check(-1)", '22023' ],
	[ "replica.check(address => 'nowhere')", '22023' ],
	[ 'replica.write_marker(NULL)', '22004' ],
	[ "replica.write_marker('')", '42602' ],
	[ "replica.write_marker('x')", '42501', role => 'weak' ],
	[ "replica.read_marker(repeat('x', 64))", '42602' ],
	[ "replica.write_marker('x')", '25006', before => 'SET default_transaction_read_only = on;', after => 'RESET default_transaction_read_only;' ],
	[ 'replica.refresh_list()', '42501', role => 'weak' ],
	[ "replica.refresh_diff(request('PG_VERSION'))", '42501', role => 'weak' ],
	[ 'replica.refresh_diff(NULL)', '22004' ],
	[ "replica.refresh_diff('')", '08P01' ],
	[ "replica.refresh_diff(request('PG_VERSION') || '\\x00')", '08P01' ],
	[ "replica.refresh_diff(request('postmaster.pid'))", '42501' ],
	[ "replica.refresh_diff(request('unreadable'))", '42501', not_root => 1 ],
	[ 'narrow()', 'XX000' ],
	# what was done is taken back when the statement fails after all
	[ "replica.allow_standby('used', '10.0.0.1') WHERE 1 / (NOT changed)::int = 1", '22012', share => 4 ],
	[ "replica.disallow_standby('used', '10.9.0.1') WHERE 1 / (NOT changed)::int = 1", '22012', share => 4 ],
	[ "replica.set_settings(wal_keep_size => '640MB') WHERE 1 / (NOT changed)::int = 1", '22012', share => 4 ],
	[ "replica.set_synchronous_standbys('{a}', allow_waiting => true) WHERE 1 / (NOT changed)::int = 1", '22012', share => 4 ],
	[ "replica.drop_slot('last') WHERE 1 / (NOT changed)::int = 1", '22012', share => 4 ],
);
@errors = grep { my ($call, $state, %more) = @$_; $> != 0 || !$more{not_root} } @errors;
@errors = grep { $_->[0] =~ /$ENV{PG_REPLICA_SOAK_ONLY}/ } @errors if length($ENV{PG_REPLICA_SOAK_ONLY} || '');

# --- the state of the session ---

# What malloc has given out and not got back; the server's contexts are a part of it.
my $probe = <<'C';
#include "postgres.h"
#include "fmgr.h"
#include <malloc.h>
PG_MODULE_MAGIC;
PG_FUNCTION_INFO_V1(heap_in_use);
Datum heap_in_use(PG_FUNCTION_ARGS)
{
#if __GLIBC_PREREQ(2, 33)
	struct mallinfo2 info = mallinfo2();
#else
	struct mallinfo info = mallinfo();
#endif
	PG_RETURN_INT64((int64) info.uordblks + (int64) info.hblkhd);
}
C
my ($include) = map { chomp; $_ } `"$ENV{PG_CONFIG}" --includedir-server`;
write_text("$base/probe.c", $probe);
my $compiled = run_program([ 'cc', '-shared', '-fPIC', '-O1', "-I$include", '-o', "$base/probe.so", "$base/probe.c" ]);
is($compiled->{status}, 0, 'the probe compiles') or BAIL_OUT($compiled->{output});
$primary->psql_ok("CREATE FUNCTION heap_in_use() RETURNS bigint LANGUAGE C AS '$base/probe.so'");

# contexts, their bytes in use, their bytes; bytes given out by malloc beyond these; open files; anonymous kilobytes
my $contexts = server_major() >= 14 ? 'SELECT count(*) AS n, sum(used_bytes) AS used, sum(total_bytes) AS total FROM pg_backend_memory_contexts' : 'SELECT 0 AS n, 0 AS used, 0 AS total';
my $state = "SELECT '#state', n, used, heap_in_use() - total, (SELECT count(*) FROM pg_ls_dir('/proc/self/fd')), "
  . "substring(pg_read_file('/proc/self/status', 0, 100000) FROM 'RssAnon:\\s+(\\d+)'), extract(epoch FROM clock_timestamp()) FROM ($contexts) c;\n";

# --- the run: one file for psql, one session ---

my $catcher = q{CREATE FUNCTION catch_all(calls text[], times bigint) RETURNS TABLE (state text, n bigint) LANGUAGE plpgsql AS $$
DECLARE seen jsonb := '{}'; found text;
BEGIN
	FOR i IN 0 .. times - 1 LOOP
		BEGIN
			EXECUTE calls[1 + i % cardinality(calls)];
			found := 'none';
		EXCEPTION WHEN OTHERS OR query_canceled THEN
			found := SQLSTATE;
		END;
		seen := seen || jsonb_build_object(found, coalesce((seen ->> found)::bigint, 0) + 1);
	END LOOP;
	RETURN QUERY SELECT e.key, e.value::bigint FROM jsonb_each_text(seen) e ORDER BY 1;
END $$};
$primary->psql_ok($catcher);

# a session that holds the lock on settings until it is told to go
my $hold = "psql -XAtqw -h @{[$primary->host]} -p @{[$primary->port]} -U postgres -d postgres";
write_text("$base/hold.sql", "BEGIN;\nSELECT count(*) FROM replica.set_settings(dry_run => true);\n\\! touch $base/held\nSELECT pg_sleep(3600);\n");

sub uncaught
{
	my ($error, $times) = @_;
	my ($call, undef, %more) = @$error;
	my $text = $more{before} ? "$more{before}\n" : '';
	$text .= "SET ROLE $more{role};\n" if $more{role};
	$text .= "SELECT FROM $call;\n" x $times;
	$text .= "RESET ROLE;\n" if $more{role};
	return $text . ($more{after} ? "$more{after}\n" : '');
}

sub measured
{
	my ($number, $text) = @_;
	return "\\echo #begin $number\n\\warn #begin $number\n$state$text$state\\warn #end\n";
}

my $script = "\\set VERBOSITY sqlstate\n";
my $locked = 0;
my $wait = "\\! $hold -f $base/hold.sql >$base/hold.out 2>&1 & while ! [ -e $base/held ]; do sleep 0.1; done\n";
my @titles;
for my $error (sort { my %one = @$a[ 2 .. $#$a ]; my %two = @$b[ 2 .. $#$b ]; ($one{locked} || 0) <=> ($two{locked} || 0) } @errors)
{
	my ($call, $sqlstate, %more) = @$error;
	$script .= $wait if $more{locked} && !$locked++;
	my $times = $ENV{PG_REPLICA_SOAK_EACH} || int($each / ($more{share} || 1));
	push @titles, [ $call, $sqlstate, $times ];
	# the caches of the server and of the allocator fill first
	$script .= uncaught($error, 20) . $state . measured($#titles, uncaught($error, $times));
}
my @calls = map {
	my ($call, undef, %more) = @$_;
	my $set = $more{role} ? "SET LOCAL ROLE $more{role}; " : $more{locked} ? $more{before} =~ s/SET /SET LOCAL /r . ' ' : '';
	$more{share} || $more{before} && !$more{locked} || $more{locked} && $more{before} =~ /statement/ ? () : "${set}SELECT FROM $call"
} @errors;
my $array = 'ARRAY[' . join(', ', map { "\$q\$$_\$q\$" } @calls) . ']';
$script .= "SELECT '#caught', * FROM catch_all($array, " . 20 * @calls . ");\n$state";
$script .= measured('caught', "SELECT '#caught', * FROM catch_all($array, $caught);\n");
write_text("$base/run.sql", $script);

my $start = time();
my $run = run_program([ 'psql', '-XAtqw', $primary->connection, '-f', "$base/run.sql" ],
	passfile => $primary->passfile, env => { PGPASSFILE => $primary->passfile }, timeout => 600 + ($caught + $each * @errors) / 50);
note('the session took ' . (time() - $start) . ' s');
is($run->{status}, 0, 'the session lives to the end') or diag(substr($run->{output}, -2000));
is($primary->psql_ok("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'walsender'"), '1', 'and so does the server');

# --- what became of it ---

my (%states, %raised, @caught);
my $number = '';
for my $line (split /\n/, $run->{stdout})
{
	$number = $1 if $line =~ /^#begin (.*)/;
	push @{ $states{$number} }, [ split /\|/, $1 ] if $line =~ /^#state\|(.*)/;
	push @caught, [ $1, $2 ] if $number eq 'caught' && $line =~ /^#caught\|(.*)\|(.*)/;
}
$number = '';
for my $line (split /\n/, $run->{stderr})
{
	$number = $1 if $line =~ /^#begin (.*)/;
	$number = '' if $line eq '#end';
	$raised{$number}{$1}++ if $line =~ /ERROR: +(\w{5})$/;
}

# slack: what one page more of the allocator may take, and one table more in the server's caches
sub is_constant
{
	my ($what, $key, $slack) = @_;
	my ($before, $after) = @{ $states{$key} || [] }[0, 1];
	return fail("$what: no measurement") unless $before && $after;
	my @names = ('memory contexts', 'bytes in memory contexts', 'bytes of C++ objects', 'open files', 'anonymous kB');
	# AddressSanitizer keeps what was freed for a while
	my @allowed = (2, $slack, $slack, 2, ($ENV{LD_PRELOAD} || '') =~ /asan/ ? 1 << 20 : 256);
	my @grown = map { $after->[$_] - $before->[$_] > $allowed[$_] ? "$names[$_]: $before->[$_] -> $after->[$_]" : () } 0 .. 4;
	note(sprintf('%s: %s -> %s, %.1f s', $what, join(' ', @$before[ 0 .. 4 ]), join(' ', @$after[ 0 .. 4 ]), $after->[5] - $before->[5]));
	return is(join(', ', @grown), '', "$what: the session is what it was");
}

for my $key (0 .. $#titles)
{
	my ($call, $sqlstate, $times) = @{ $titles[$key] };
	my $raised = $raised{$key} || {};
	is(join(' ', map { "$_ x $raised->{$_}" } sort keys %$raised), "$sqlstate x $times", "$call raises $sqlstate x $times");
	is_constant($call, $key, $slack);
}
my $sum = 0;
$sum += $_->[1] for @caught;
note('caught: ' . join(', ', map { "$_->[0] x $_->[1]" } @caught));
is($sum, $caught, "$caught errors are caught in one session");
is(scalar(grep { $_->[0] eq 'none' } @caught), 0, 'and each of the calls fails');
cmp_ok(scalar(@caught), '>=', 10, 'they are of many kinds') unless length($ENV{PG_REPLICA_SOAK_ONLY} || '');
is_constant('all of them', 'caught', $slack);

kill 'TERM', $streaming;
waitpid($streaming, 0);
done_testing();
