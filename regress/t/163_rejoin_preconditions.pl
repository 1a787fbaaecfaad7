# pg_rewind is used only where it is known to find every changed page and all the WAL that it needs; elsewhere rejoin fetches what
# differs, and what it has touched never starts as a primary.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use Test::More;

# pair(name, options) -> an old primary that crashed with a table that its promoted standby does not have
sub pair
{
	my ($name, %options) = @_;
	my $primary = stock_primary($name, %options);
	my %pair = (primary => $primary, old => $primary->data_dir, new => new_standby_directory($primary, "${name}_new"), port => free_port());
	my @as_admin = (passfile => $primary->passfile);
	my $clone = run_tool(clone_arguments($primary, $pair{new}, $pair{port}, "${name}_new", '--prepare'), @as_admin);
	is($clone->{status}, 0, "$name: a standby is made") or BAIL_OUT($clone->{output});
	$primary->psql_ok($options{sql}) if $options{sql};
	my $receiver = psql_value('127.0.0.1', $pair{port}, 'postgres', $primary->passfile, 'SELECT pid FROM pg_stat_wal_receiver');
	kill 'STOP', $receiver;
	$primary->psql_ok('CREATE TABLE own_only AS SELECT 1');
	$primary->stop('immediate');
	kill $_, $receiver for qw(TERM CONT);    # what waits in its socket is not read any more
	my $promotion = run_tool([ 'promote', '-w', '-D', $pair{new}, '-U', 'postgres' ], @as_admin);
	is($promotion->{status}, 0, "$name: it is promoted") or BAIL_OUT($promotion->{output});
	return \%pair;
}

sub rejoin
{
	my ($pair, @more) = @_;
	return run_tool([ 'rejoin', '--prepare', '-w', '-h', '127.0.0.1', '-p', $pair->{port}, '-U', 'postgres', '-d', 'postgres', '-D',
			$pair->{old}, '--name', 'old', '--bindir', bindir(), @more ], passfile => $pair->{primary}->passfile);
}

# --- hint bits that nobody logged

# from 18 on, initdb turns data checksums on by itself
my $plain = pair('plain', config => "wal_log_hints = off\n", initdb => server_major() >= 18 ? ['--no-data-checksums'] : []);
my $before = tree_of($plain->{old});
my $result = rejoin($plain, '--way', 'rewind');
is($result->{status}, 4, 'without logged hints, pg_rewind is refused');
like($result->{stderr}, qr/pg_rewind cannot be used.*wal_log_hints was not on.*Leave out --way/s, 'and the way is named');
is(tree_of($plain->{old}), $before, 'nothing was changed');

# switched on beyond the fork: pg_rewind itself would be satisfied
$plain->{primary}->configure('wal_log_hints = on');
$plain->{primary}->start;
is($plain->{primary}->psql_ok('SHOW wal_log_hints'), 'on', 'the hints are logged from now on');
$plain->{primary}->stop('fast');
$result = rejoin($plain, '--way', 'rewind');
is($result->{status}, 4, 'hints that are logged only since the fork are not enough');
like($result->{stderr}, qr/wal_log_hints was not on for all of that time/, 'and it says so');

$result = rejoin($plain);
is($result->{status}, 0, 'without --way what differs is fetched') or diag($result->{output});
like($result->{stderr}, qr/What differs has to be fetched.*wal_log_hints was not on for all of that time.*is given up/s, 'and it says why');
is($plain->{primary}->psql('SELECT pg_is_in_recovery()'), 't', 'the former primary is a standby');
is($plain->{primary}->psql(q{SELECT to_regclass('own_only') IS NULL}), 't', 'what only it had is gone');
stop_server($plain->{old});

# --- WAL that is gone

my $short = pair('short', initdb => ['--data-checksums'], sql => 'ALTER SYSTEM SET wal_keep_size = 0');
$short->{primary}->start;
$short->{primary}->psql_ok(q{SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots});
$short->{primary}->psql_ok($_) for map { ("INSERT INTO own_only VALUES ($_)", 'SELECT pg_switch_wal()') } 1 .. 3;
$short->{primary}->psql_ok('CHECKPOINT');
$short->{primary}->psql_ok('CHECKPOINT');
$short->{primary}->stop('fast');
$result = rejoin($short, '--way', 'rewind');
is($result->{status}, 5, 'where the WAL for pg_rewind is gone, it is not used');
like($result->{stderr}, qr/pg_rewind cannot be used.*--way refresh/s, 'and the way is named');
ok(-e "$short->{old}/standby.signal", 'the directory has its signal file');
ok(-e "$short->{old}/global/pg_control" && !-e "$short->{old}/pg_replica.partial", 'and its files are back');
$short->{primary}->start;
is($short->{primary}->psql('SELECT pg_is_in_recovery()'), 't', 'started by hand, it is no primary');
$short->{primary}->stop('immediate');
is(psql_value('127.0.0.1', $short->{port}, 'postgres', $short->{primary}->passfile, 'SELECT count(*) FROM pg_replication_slots'), '0',
	'no slot is left on the new primary');
$result = rejoin($short, '--way', 'refresh');
is($result->{status}, 0, 'that way is right') or diag($result->{output});
is($short->{primary}->psql(q{SELECT pg_is_in_recovery() AND to_regclass('own_only') IS NULL}), 't', 'it is what the new primary is');
stop_server($short->{old});

done_testing();
