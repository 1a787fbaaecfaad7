# Two hosts on one machine: the test and its primary on one side (10.9.0.1), a shell for the standby on the other (10.9.0.2), and a
# link between them that can be cut and slowed down. Network namespaces of its own, made without root's rights; the test is skipped
# where that is not permitted.
#
#   use TwoHosts;      # before ReplicaTest: it starts the test once more inside
#   use ReplicaTest;
#   run_there($primary->passfile, 'pg_ctl', 'start', ...) or diag(output_there());
#   link_do('cut');    # also mend, slow, fast
package TwoHosts;

use strict;
use warnings;

use Exporter 'import';
use File::Spec ();
use File::Temp ();
use Test::More;
use Time::HiRes qw(sleep);

our @EXPORT = qw(link_do start_there ended_there output_there run_there address_there);

my $folder;

# The outer shell is root of its namespaces: primary's side, and by nsenter the standby's. Both servers and this test run
# as the user that they run as elsewhere, in a user namespace within, as no server runs as root.
sub enter_namespaces
{
	my $unshare = 'unshare --user --map-root-user --net';
	my $able = 'command -v ip tc >/dev/null && ip link add v0 type veth peer name v1 && unshare --user --map-user=1 true';
	plan(skip_all => 'network namespaces are not permitted here, or ip(8) is not installed') if system("$unshare sh -c '$able' >/dev/null 2>&1");
	$ENV{PG_REPLICA_TWO_HOSTS} = File::Temp::tempdir(CLEANUP => 0);
	$ENV{PG_REPLICA_IDS} = "--map-user=$> --map-group=" . (split / /, $))[0];
	exec(split(/ /, $unshare), 'sh', '-c', <<'EOF', 'sh', $^X, (map { '-I' . File::Spec->rel2abs($_) } @INC), File::Spec->rel2abs($0)) or die "cannot execute: $!";
ip link set lo up
unshare --net sleep 600 &
other=$!
while [ "$(readlink /proc/$other/ns/net)" = "$(readlink /proc/$$/ns/net)" ]; do sleep 0.1; done
ip link add v0 type veth peer name v1 netns $other
ip address add 10.9.0.1/24 dev v0 && ip link set v0 up
nsenter -t $other -n sh -c 'ip link set lo up; ip address add 10.9.0.2/24 dev v1; ip link set v1 up'
cd "$PG_REPLICA_TWO_HOSTS"
(
    while [ ! -e end ]; do
        if [ -e cut ]; then ip link set v0 down; rm cut; fi
        if [ -e mend ]; then ip link set v0 up; rm mend; fi
        if [ -e slow ]; then tc qdisc add dev v0 root tbf rate 1mbit burst 16kb latency 400ms; rm slow; fi
        if [ -e fast ]; then tc qdisc del dev v0 root; rm fast; fi
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
BEGIN
{
	enter_namespaces() unless $ENV{PG_REPLICA_TWO_HOSTS};
	$folder = $ENV{PG_REPLICA_TWO_HOSTS};
}

sub address_there { return '10.9.0.2' }

sub content
{
	my ($file) = @_;
	open(my $handle, '<', "$folder/$file") or return;
	local $/ = undef;
	return <$handle>;
}

# link_do('cut' | 'mend' | 'slow' | 'fast'): returns once it is done
sub link_do
{
	my ($what) = @_;
	open(my $file, '>', "$folder/$what") or die "cannot write $what: $!";
	close($file);
	sleep(0.02) while -e "$folder/$what";
	return;
}

# Starts a program on the other side; one at a time.
sub start_there
{
	my ($passfile, @command) = @_;
	unlink "$folder/status", "$folder/output";
	open(my $file, '>', "$folder/run.new") or die "cannot write: $!";
	my @words = map { my $word = $_; $word =~ s/'/'\\''/g; "'$word'" } @command;
	print $file "PGPASSFILE='$passfile' exec @words\n";
	close($file);
	return rename("$folder/run.new", "$folder/run");
}

# Its exit status; undefined while it runs.
sub ended_there { my $status = content('status'); return defined $status ? $status + 0 : undef }

sub output_there { return content('output') // '' }

# Runs a program there to its end, within a minute; true when it succeeded.
sub run_there
{
	start_there(@_);
	for (1 .. 1200) { last if defined ended_there(); sleep(0.05); }
	my $status = ended_there();
	return defined $status && $status == 0;
}

1;
