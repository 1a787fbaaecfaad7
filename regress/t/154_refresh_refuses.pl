# What refresh does not touch, with the reason and the way out; nothing is changed then.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use RefreshTest;
use Test::More;

my $primary = refresh_primary();
my $other = stock_primary('other');
my @as_admin = (passfile => $primary->passfile);
my $base = $primary->base;

sub refused
{
	my ($directory, $pattern, $what, @more) = @_;
	my $before = tree_of($directory);
	my $result = run_tool(refresh_arguments($primary, $directory, '--prepare', '--name', 's1', '--port', free_port(), @more), @as_admin);
	is($result->{status}, 4, "$what: refused");
	like($result->{output}, $pattern, "$what: the reason and the way out are named");
	# a server that runs there changes its files itself
	is(tree_of($directory), $before, "$what: nothing was changed") unless -e "$directory/postmaster.pid";
	return;
}

mkdir "$base/empty";
refused("$base/empty", qr/nothing to refresh.*pg_replica clone/s, 'an empty directory');
refused("$base/missing", qr/nothing to refresh.*pg_replica clone/s, 'a missing directory');
mkdir "$base/photos";
open(my $file, '>', "$base/photos/cat") or die;
close($file);
refused("$base/photos", qr/no data directory of PostgreSQL/, 'a directory of something else', '--remains');
refused($primary->data_dir, qr/is in use.*pg_ctl/s, 'the primary itself');
refused($other->data_dir, qr/belongs to another cluster/, 'another cluster that runs');
$other->stop('fast');
refused($other->data_dir, qr/belongs to another cluster/, 'another cluster that is stopped');
is($primary->psql('SELECT count(*) FROM pg_replication_slots'), '0', 'no slot was made');

# a server in single-user mode has the lock of a server, too
my $directory = new_standby_directory($primary);
my $port = free_port();
is(run_tool(clone_arguments($primary, $directory, $port, 's1', '--prepare'), @as_admin)->{status}, 0, 'a standby is made');
stop_server($directory, 'fast');
system('cp', '-a', $directory, "$base/single");
unlink "$base/single/standby.signal";
pipe(my $in, my $out);    # it ends when its input does
my $single = fork();
if (!$single)
{
	open(STDIN, '<&', $in);
	open(STDOUT, '>', '/dev/null');
	exec bindir() . '/postgres', '--single', '-D', "$base/single", 'postgres';
}
ok(poll_until(sub { -e "$base/single/postmaster.pid" && slurp("$base/single/postmaster.pid") =~ /^-\d+\n/ }, 30), 'a server runs in single-user mode');
my $result = run_tool(refresh_arguments($primary, "$base/single"), @as_admin);
is($result->{status}, 4, 'single-user mode: refused');
like($result->{output}, qr/single-user mode/, 'single-user mode: the reason is named');
kill 'KILL', $single;
waitpid($single, 0);

# a failure before the first change leaves the directory as it was
my $before = tree_of($directory);
$primary->psql_ok('ALTER ROLE replicator_s1 NOLOGIN');
$result = run_tool(refresh_arguments($primary, $directory), @as_admin);
isnt($result->{status}, 0, 'a role that cannot log in: refused');
is(tree_of($directory), $before, 'a role that cannot log in: nothing was changed');

done_testing();
