# A clone that was ended by kill -9 goes on with the copy that it has, block by block, wherever it was: among the files of a
# tablespace, among those of the data directory, or in the middle of going on. Where the primary cannot tell what differs, it
# begins anew.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use RefreshTest;
use POSIX ();
use Test::More;

my $primary = refresh_primary();
my $base = $primary->base;
my ($directory, $port) = (new_standby_directory($primary), free_port());
my @as_admin = (passfile => $primary->passfile);

mkdir "$base/$_" or die "$base/$_: $!" for 'tablespace';
$primary->psql_ok("CREATE TABLESPACE apart LOCATION '$base/tablespace'");
$primary->psql_ok('CREATE TABLE apart TABLESPACE apart AS SELECT * FROM big');
$primary->psql_ok('VACUUM (FREEZE) apart');    # or autovacuum changes every page of it meanwhile

# the same one each time
my @places = ('-T', "$base/tablespace=$base/tablespace_here", '--waldir', "$base/wal_here");
my @command = @{ clone_arguments($primary, $directory, $port, 'standby1', '--prepare', @places) };

sub bytes_in
{
	my ($bytes) = run_program([ 'du', '-sb', $_[0] ])->{stdout} =~ /^(\d+)/;
	return $bytes || 0;
}

# killed_when(what, condition, more options...): the same command, ended with kill -9 as soon as condition holds
sub killed_when
{
	my ($what, $condition, @more) = @_;
	my $output = "$base/killed.output";
	unlink $output;
	my $pid = start_tool([ @command, @more ], @as_admin, output => $output);
	my $end = time() + 100;
	until ($condition->(-e $output ? slurp($output) : ''))
	{
		last if time() > $end || waitpid($pid, POSIX::WNOHANG()) == $pid;
		select(undef, undef, undef, 0.005);
	}
	kill 'KILL', $pid;
	waitpid($pid, 0);
	is($? & 127, 9, "$what: killed in the middle of its work") or diag(slurp($output));
	ok(-e "$directory/pg_replica.unfinished", "$what: the mark is there");
	ok(!-e "$directory/global", "$what: nothing that starts is there");
	return slurp($output);
}

sub goes_on
{
	my ($what) = @_;
	my $again = run_tool(\@command, @as_admin);
	is($again->{status}, 0, "$what: the same command succeeds") or diag($again->{output});
	like($again->{output}, qr/Go on with what an interrupted clone left/, "$what: it says that it goes on");
	my ($share) = $again->{output} =~ /came here \(([0-9.]+) %\)/;
	cmp_ok($share, '<', 97, "$what: not everything came again ($share %)");
	ok(!-e "$directory/pg_replica.unfinished" && !-e "$directory/pg_replica.partial", "$what: nothing of the work is left");
	is(readlink("$directory/pg_wal"), "$base/wal_here", "$what: WAL is in its place");
	my ($link) = glob "$directory/pg_tblspc/*";
	is(readlink($link), "$base/tablespace_here", "$what: the tablespace is in its place");
	is($primary->psql('SELECT slot_name, active FROM pg_replication_slots'), 'standby1|t', "$what: one slot, in use");
	return;
}

sub clear
{
	stop_server($directory, 'fast');
	run_program([ 'rm', '-rf', $directory, "$base/tablespace_here", "$base/wal_here" ]);
	poll_until(sub { $primary->psql('SELECT count(*) FROM pg_stat_replication') eq '0' }, 20);
	$primary->psql_ok('SELECT count(*) FROM pg_replication_slots AS s, replica.drop_slot(s.slot_name)');
	return;
}

# --- among the files of the tablespace, which come first; pg_basebackup has made no link to it as yet

killed_when('in the tablespace', sub { bytes_in("$base/tablespace_here") > 5_000_000 }, '--max-rate', '8M', '--compress', 'none');
change_some($primary);
goes_on('in the tablespace');
is_the_same($primary, $directory, $port, 'in the tablespace');
clear();

# --- among the files of the data directory, and then again and again; the steps after these are over before a kill meets them

killed_when('in the data directory', sub { bytes_in("$directory/pg_replica.partial/base") > 10_000_000 }, '--max-rate', '12M', '--compress', 'none');
for my $sentence ('Begin a backup', 'Remove from the copy', 'Compare every block', 'End the backup')
{
	change_some($primary);
	my $said = killed_when("killed again at \"$sentence\"", sub { index($_[0], $sentence) >= 0 });
	like($said, qr/Go on with what an interrupted clone left/, "killed again at \"$sentence\": it went on");
	my $start = run_program([ bindir() . '/postgres', '-D', "$directory/pg_replica.partial", '-p', free_port() ], timeout => 20);
	isnt($start->{status}, 0, "killed again at \"$sentence\": no server starts on the copy");
}
change_some($primary);
goes_on('after many kills');
is_the_same($primary, $directory, $port, 'after many kills');
clear();

# --- what fails while it goes on leaves the copy as it is, and says so

killed_when('before a failure', sub { bytes_in("$directory/pg_replica.partial/base") > 10_000_000 }, '--max-rate', '12M', '--compress', 'none');
$primary->psql_ok(q{ALTER FUNCTION replica.refresh_diff(bytea) RENAME TO refresh_diff_itself});
$primary->psql_ok(q{CREATE FUNCTION replica.refresh_diff(request bytea) RETURNS bytea LANGUAGE plpgsql AS 'BEGIN RAISE ''made to fail''; END'});
my $failed = run_tool(\@command, @as_admin);
is($failed->{status}, 6, 'a failure: the exit status tells that something is left') or diag($failed->{output});
like($failed->{output}, qr/made to fail/, 'a failure: it is said');
like($failed->{output}, qr/run the same command again, or rm -r/, 'a failure: and what is to be done');
cmp_ok(bytes_in("$directory/pg_replica.partial"), '>', 10_000_000, 'a failure: the copy is kept');
$primary->psql_ok('DROP FUNCTION replica.refresh_diff(bytea)');
$primary->psql_ok(q{ALTER FUNCTION replica.refresh_diff_itself(bytea) RENAME TO refresh_diff});
goes_on('a failure');
is_the_same($primary, $directory, $port, 'a failure');
clear();

# --- a primary that cannot tell what differs: from the beginning, as ever

killed_when('an older primary', sub { bytes_in("$directory/pg_replica.partial/base") > 10_000_000 }, '--max-rate', '12M', '--compress', 'none');
$primary->psql_ok(q{ALTER FUNCTION replica.refresh_diff(bytea) RENAME TO refresh_diff_itself});
my $anew = run_tool(\@command, @as_admin);
is($anew->{status}, 0, 'an older primary: the same command succeeds') or diag($anew->{output});
like($anew->{output}, qr/Clear what an unfinished clone left/, 'an older primary: it begins anew');
$primary->psql_ok(q{ALTER FUNCTION replica.refresh_diff_itself(bytea) RENAME TO refresh_diff});
is_the_same($primary, $directory, $port, 'an older primary');

done_testing();
