# promote asks whether the old primary is gone, says what is known to be missing, waits to the real end, and leaves a
# primary whose control file says so and whose first commit waits for nobody.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use Test::More;

my $primary = stock_primary('primary');
my $port = free_port();
my $directory = new_standby_directory($primary);
my @as_admin = (passfile => $primary->passfile);

sub on_standby { return psql_value('127.0.0.1', $port, 'postgres', $primary->passfile, $_[0]) }
sub promote { return run_tool([ 'promote', '-w', '-D', $directory, '-U', 'postgres', @_ ], @as_admin) }

my $result = run_tool(clone_arguments($primary, $directory, $port, 'standby1', '--prepare'), @as_admin);
is($result->{status}, 0, 'a standby is made') or BAIL_OUT($result->{output});
$primary->psql_ok("SELECT FROM replica.write_marker('Site-B.2')"); # as a clone of that name does
$primary->psql_ok('CREATE TABLE customers AS SELECT 1 AS customer_id');

# --- the primary is alive

$result = promote();
is($result->{status}, 4, 'a promotion beside a living primary is refused');
like($result->{stderr}, qr/answers: a promotion would make two primaries/, 'and says why');
like($result->{stderr}, qr/nothing is known to be missing/, 'what is known is said all the same');
is(on_standby('SELECT pg_is_in_recovery()'), 't', 'the standby is one still');

$result = run_tool([ 'promote', '-w', $primary->connection ], @as_admin);
is($result->{status}, 0, 'the primary itself is a primary already');

# a login that is refused is no sign of death
$result = promote('--primary', 'host=127.0.0.1 port=' . $primary->port . ' user=nobody');
is($result->{status}, 4, 'a server that lets nobody ask is in the way as well');
like($result->{stderr}, qr/cannot be asked what it is/, 'and says why');

# --- the primary is gone

on_standby("ALTER SYSTEM SET synchronous_standby_names = 'ghost'");
on_standby('SELECT pg_reload_conf()');
$primary->stop('immediate');

$result = promote('--dry-run');
is($result->{status}, 0, '--dry-run succeeds');
like($result->{stdout}, qr/Clear synchronous_standby_names.*Create the replication slots of the other standbys: Site-B\.2\n.*Promote the standby.*checkpoint/s, 'and prints the plan');
like($result->{stderr}, qr/received up to \S+, replayed up to \S+/, 'with the positions');
like($result->{stderr}, qr/last commit that was replayed is of \d{4}-/, 'the age of the last commit');
like($result->{stderr}, qr/nothing answers at 127.0.0.1 port/, 'and that the primary does not answer');
is(on_standby('SELECT pg_is_in_recovery()'), 't', 'it changes nothing');
is(on_standby('SELECT count(*) FROM pg_replication_slots'), '0', 'and makes no slot');
unlike(promote('--dry-run', '--no-slots')->{stdout}, qr/replication slots of the other/, '--no-slots leaves them out');

on_standby('SELECT pg_wal_replay_pause()');
$result = promote();
is($result->{status}, 4, 'replay that is paused is in the way');
like($result->{stderr}, qr/pg_wal_replay_resume/, 'the hint resumes it');
on_standby('SELECT pg_wal_replay_resume()');

$result = promote();
is($result->{status}, 0, 'the standby is promoted') or diag($result->{output});
like($result->{stdout}, qr/is a primary on timeline 2/, 'the timeline is told');
is(on_standby('SELECT slot_name, restart_lsn IS NOT NULL FROM pg_replication_slots'), 'site_b_2|t', 'the other standby that the primary knew has a slot');
like($result->{stdout}, qr/Point the standby 'Site-B\.2' here, on its host: pg_replica follow .*\n.*pg_replica drop '?Site-B\.2'?/, 'and what to do about it is told');
is(on_standby('SELECT timeline_id FROM pg_control_checkpoint()'), '2', 'the control file is on it already');
$result = run_program([ 'psql', '-XAtqw', '-h', '127.0.0.1', '-p', $port, '-U', 'postgres', '-d', 'postgres', '-c',
		'INSERT INTO customers VALUES (2)' ], @as_admin, timeout => 20);
is($result->{status}, 0, 'the first commit does not hang');
is(on_standby('SELECT count(*) FROM customers'), '2', 'nothing that was received is lost');

$result = promote();
is($result->{status}, 0, 'a second time there is nothing to do');
like($result->{stdout}, qr/a primary already, on timeline 2/, 'and it says so');

stop_server($directory, 'fast');
is(promote()->{status}, 4, 'a server that does not run cannot be promoted');

done_testing();
