# Two hosts change roles, and change them back: the tool runs on the primary's, wherever that is, and reaches the other one over
# the network only. A client that commits every 5 ms loses nothing. When the link is cut in the middle, no server takes writes.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use TwoHosts;
use CommitWriter;
use POSIX ();
use ReplicaTest;
use Test::More;

my $primary = stock_primary('primary', config => "fsync = off\nlisten_addresses = '*'\n");
my @as_admin = (passfile => $primary->passfile);
my %address = (one => '10.9.0.1', two => address_there());
my %port = (one => $primary->port, two => free_port());
my %directory = (one => $primary->data_dir, two => new_standby_directory($primary, 'two'));
stop_at_end($directory{one});

sub on { my ($name, $sql) = @_; return psql_value($address{$name}, $port{$name}, 'postgres', $primary->passfile, $sql) }
sub login { my ($to, $more) = @_; return ('-w', '-h', $address{$to}, '-p', $port{$to}, '-U', 'postgres', '-d', 'dbname=postgres ' . ($more || '')) }
sub arguments { my ($from, $to, $more) = @_; return ('switchover', login($to, $more), '-D', $directory{$from}, '--name', $from, '--bindir', bindir(), '--prepare', '--timeout', 20) }
sub roles { return join('', map { on($_, 'SELECT pg_is_in_recovery()') // '-' } qw(one two)) }

run_program([ 'sh', '-c', 'echo "host all postgres 10.9.0.0/24 scram-sha-256" >>"$0"', "$directory{one}/pg_hba.conf" ]);
$primary->psql_ok('SELECT pg_reload_conf()');
my $clone = run_there($primary->passfile, tool_path(), 'clone', '--prepare', login('one'), '-D', $directory{two}, '--port', $port{two},
	'--name', 'two', '--bindir', bindir());
ok($clone, 'a standby is made on the other host') or BAIL_OUT(output_there());
$primary->psql_ok('CREATE TABLE numbers (n bigint PRIMARY KEY)');

my $file = $primary->base . '/acknowledged';
my $writer = fork();
if ($writer == 0)
{
	%ENV = (PATH => $ENV{PATH}, PGPASSFILE => $primary->passfile);
	CommitWriter::run("host=$address{one},$address{two} port=$port{one},$port{two} user=postgres dbname=postgres target_session_attrs=read-write connect_timeout=5", $file);
	POSIX::_exit(0);    # servers are stopped at the end of the test, not of this process
}
poll_until(sub { -s $file }, 20);

# --- there and back

my $result = run_tool([ arguments('one', 'two') ], @as_admin);
is($result->{status}, 0, 'from this host to the other one') or diag($result->{output});
is(roles(), 'tf', 'the standby there is the primary');
is(on('one', 'SELECT host(inet(sender_host)) FROM pg_stat_wal_receiver'), $address{two}, 'this host streams from it');
is(on('two', 'SELECT host(client_addr) FROM pg_stat_replication'), $address{one}, 'and is admitted by the address that it has there');
my $verify = run_tool([ 'verify', login('two'), '--standby-host', $address{one}, '--standby-port', $port{one} ], @as_admin);
is($verify->{status}, 0, 'that is proven from here') or diag($verify->{output});
ok(run_there($primary->passfile, tool_path(), arguments('two', 'one')), 'and back, by the tool on the other host') or diag(output_there());
is(roles(), 'ft', 'as in the beginning');

# --- the link is cut when the standby has been told to take over nothing yet

my $replay = on('two', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'startup'});
my $output = $primary->base . '/cut';
kill 'STOP', $replay;
my $tool = start_tool([ arguments('one', 'two', 'tcp_user_timeout=3000') ], @as_admin, output => $output);
ok(poll_until(sub { -e $output && slurp($output) =~ /Write a checkpoint on the primary/ }, 30), 'a switchover has begun');
link_do('cut');
kill 'CONT', $replay;
my $ended = 0;
ok(poll_until(sub { $ended ||= waitpid($tool, POSIX::WNOHANG()) > 0 }, 60), 'the link is cut: it ends') or kill('KILL', $tool);
note(slurp($output));
like(slurp($output), qr/is the primary, as before/, 'and says who is the primary');
is($primary->psql('SELECT pg_is_in_recovery()'), 'f', 'which takes writes');
ok(!-e "$directory{one}/standby.signal", 'and is not fenced');
link_do('mend');
ok(poll_until(sub { (on('one', q{SELECT state FROM pg_stat_replication WHERE application_name = 'two'}) // '') eq 'streaming' }, 60), 'mended, the standby streams');
$result = run_tool([ arguments('one', 'two') ], @as_admin);
is($result->{status}, 0, 'and the same command succeeds') or diag($result->{output});
is(roles(), 'tf', 'the roles are changed');

kill 'TERM', $writer;
waitpid($writer, 0);
my ($acknowledged, $longest) = CommitWriter::read_file($file);
note(scalar(@$acknowledged) . " commits were acknowledged; the longest time between two was $longest ms");
cmp_ok(scalar(@$acknowledged), '>', 100, 'the client has written all the time');
my %there = map { $_ => 1 } split /\n/, on('two', 'SELECT n FROM numbers');
is(join(',', grep { !$there{$_} } @$acknowledged), '', 'nothing that was acknowledged is lost');
is(on('two', 'SELECT count(*) - count(DISTINCT n) FROM numbers'), '0', 'and nothing is there twice');
done_testing();
