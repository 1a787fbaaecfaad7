# The network between primary and standby is cut in the middle of the copy: the tool ends within 30 seconds and says why,
# and once the primary is reachable again the same command succeeds and leaves one slot.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use TwoHosts;
use ReplicaTest;
use Test::More;
use Time::HiRes qw(time sleep);

my $primary = stock_primary('primary', extension => 1, config => "fsync = off\nlisten_addresses = '127.0.0.1, 10.9.0.1'\n");
$primary->psql_ok('CREATE TABLE filler AS SELECT g, repeat(md5(g::text), 20) FROM generate_series(1, 20000) g');
my ($directory, $port) = (new_standby_directory($primary), free_port());
my @command = ('clone', '--prepare', '-h', '10.9.0.1', '-p', $primary->port, '-U', 'postgres', '-d', 'postgres', '-D', $directory,
	'--port', $port, '--name', 's1', '--bindir', bindir());

# the line that admits the administrator's login from the other side
ReplicaTest::run_program([ 'sh', '-c', 'echo "host all postgres 10.9.0.2/32 scram-sha-256" >> "$0"', $primary->data_dir . '/pg_hba.conf' ]);
$primary->psql_ok('SELECT pg_reload_conf()');

start_there($primary->passfile, tool_path(), @command, '--max-rate', '2M', '--compress', 'none');
ok(poll_until(sub { -e "$directory/pg_replica.partial/base" || defined ended_there() }, 60) && !defined ended_there(), 'the copy has begun')
  or BAIL_OUT(output_there());
sleep 1;
link_do('cut');
my $start = time();
ok(poll_until(sub { defined ended_there() }, 90), 'the network is cut: the tool ends');
my $seconds = time() - $start;
my $output = output_there();
note($output);
cmp_ok($seconds, '<=', 30, sprintf('within 30 s: %.1f s', $seconds));
is(ended_there(), 6, 'with the exit status for what could not be removed');
like($output, qr/the copy failed/, 'it says what failed');
like($output, qr/timed out|Connection timed out|could not receive data|No route to host|no answer|connection/i, 'and the cause');
like($output, qr/drop_slot\('s1'\)/, 'and the slot that it could not drop');
ok(-e "$directory/pg_replica.unfinished", 'the mark of the unfinished clone is there for the next run');

link_do('mend');
ok(poll_until(sub { $primary->psql('SELECT count(*) FROM pg_stat_replication') eq '0' }, 120), 'mended: no walsender stays on the primary');
start_there($primary->passfile, tool_path(), @command);
poll_until(sub { defined ended_there() }, 120);
is(ended_there(), 0, 'the same command then succeeds') or diag(output_there());
like(output_there(), qr/the link carries/, 'after it has measured the link, which is none of this host');
is($primary->psql('SELECT slot_name, active FROM pg_replication_slots'), 's1|t', 'with one slot, in use');
stop_server($directory, 'fast');
done_testing();
