# The network between primary and standby is cut in the middle of the copy: the tool ends within 30 seconds and says why,
# and once the primary is reachable again the same command succeeds and leaves one slot.
#
# Runs in network namespaces of its own, made without root's rights; skipped where that is not permitted.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use File::Temp ();
use Test::More;
use Time::HiRes qw(time sleep);

# The outer shell is root of its namespaces: primary's side, and by nsenter the standby's. Both servers and this test run
# as the user that they run as elsewhere, in a user namespace within, as no server runs as root.
sub enter_namespaces
{
	my $unshare = 'unshare --user --map-root-user --net';
	my $able = 'command -v ip >/dev/null && ip link add v0 type veth peer name v1 && unshare --user --map-user=1 true';
	plan(skip_all => 'network namespaces are not permitted here, or ip(8) is not installed') if system("$unshare sh -c '$able' >/dev/null 2>&1");
	my $folder = File::Temp::tempdir(CLEANUP => 0);
	$ENV{PG_REPLICA_CUT} = $folder;
	$ENV{PG_REPLICA_IDS} = "--map-user=$> --map-group=" . (split / /, $))[0];
	exec(split(/ /, $unshare), 'sh', '-c', <<'EOF', 'sh', $^X, (map { "-I$_" } @INC), $0) or die "cannot execute: $!";
ip link set lo up
unshare --net sleep 600 &
other=$!
while [ "$(readlink /proc/$other/ns/net)" = "$(readlink /proc/$$/ns/net)" ]; do sleep 0.1; done
ip link add v0 type veth peer name v1 netns $other
ip address add 10.9.0.1/24 dev v0 && ip link set v0 up
nsenter -t $other -n sh -c 'ip link set lo up; ip address add 10.9.0.2/24 dev v1; ip link set v1 up'
cd "$PG_REPLICA_CUT"
(
    while [ ! -e end ]; do
        if [ -e cut ]; then ip link set v0 down; rm cut; fi
        if [ -e mend ]; then ip link set v0 up; rm mend; fi
        sleep 0.05
    done
    kill $other
) &
nsenter -t $other -n unshare --user $PG_REPLICA_IDS sh -c 'while [ ! -e end ]; do
    if [ -e run ]; then mv run running; sh running >output 2>&1 </dev/null; echo $? >status.new; mv status.new status; fi
    sleep 0.05
done' &
unshare --user $PG_REPLICA_IDS "$@"
status=$?
touch end
wait
exit $status
EOF
}

# before the test framework starts, which works once only
BEGIN { enter_namespaces() unless $ENV{PG_REPLICA_CUT} }
use ReplicaTest;
my $folder = $ENV{PG_REPLICA_CUT};

sub touch { open(my $file, '>', "$folder/$_[0]") or die "cannot write $_[0]: $!"; return close($file) }

# Starts the tool on the standby's side.
sub start_there
{
	my ($primary, @arguments) = @_;
	unlink "$folder/status", "$folder/output";
	open(my $file, '>', "$folder/run.new") or die "cannot write: $!";
	my @words = map { my $word = $_; $word =~ s/'/'\\''/g; "'$word'" } tool_path(), @arguments;
	print $file 'PGPASSFILE=' . $primary->passfile . " exec @words\n";
	close($file);
	return rename("$folder/run.new", "$folder/run");
}

sub ended { return -e "$folder/status" ? slurp("$folder/status") + 0 : undef }

my $primary = stock_primary('primary', extension => 1, config => "fsync = off\nlisten_addresses = '127.0.0.1, 10.9.0.1'\n");
$primary->psql_ok('CREATE TABLE filler AS SELECT g, repeat(md5(g::text), 20) FROM generate_series(1, 20000) g');
my ($directory, $port) = (new_standby_directory($primary), free_port());
my @command = ('clone', '--prepare', '-h', '10.9.0.1', '-p', $primary->port, '-U', 'postgres', '-d', 'postgres', '-D', $directory,
	'--port', $port, '--name', 's1', '--bindir', bindir());

# the line that admits the administrator's login from the other side
ReplicaTest::run_program([ 'sh', '-c', 'echo "host all postgres 10.9.0.2/32 scram-sha-256" >> "$0"', $primary->data_dir . '/pg_hba.conf' ]);
$primary->psql_ok('SELECT pg_reload_conf()');

start_there($primary, @command, '--max-rate', '2M', '--compress', 'none');
ok(poll_until(sub { -e "$directory/pg_replica.partial/base" || defined ended() }, 60) && !defined ended(), 'the copy has begun')
  or BAIL_OUT(slurp("$folder/output"));
sleep 1;
touch('cut');
my $start = time();
ok(poll_until(sub { defined ended() }, 90), 'the network is cut: the tool ends');
my $seconds = time() - $start;
my $output = slurp("$folder/output");
note($output);
cmp_ok($seconds, '<=', 30, sprintf('within 30 s: %.1f s', $seconds));
is(ended(), 6, 'with the exit status for what could not be removed');
like($output, qr/the copy failed/, 'it says what failed');
like($output, qr/timed out|Connection timed out|could not receive data|No route to host|no answer|connection/i, 'and the cause');
like($output, qr/drop_slot\('s1'\)/, 'and the slot that it could not drop');
ok(-e "$directory/pg_replica.unfinished", 'the mark of the unfinished clone is there for the next run');

touch('mend');
ok(poll_until(sub { $primary->psql('SELECT count(*) FROM pg_stat_replication') eq '0' }, 120), 'mended: no walsender stays on the primary');
start_there($primary, @command);
poll_until(sub { defined ended() }, 120);
is(ended(), 0, 'the same command then succeeds') or diag(slurp("$folder/output"));
like(slurp("$folder/output"), qr/the link carries/, 'after it has measured the link, which is none of this host');
is($primary->psql('SELECT slot_name, active FROM pg_replication_slots'), 's1|t', 'with one slot, in use');
stop_server($directory, 'fast');
done_testing();
