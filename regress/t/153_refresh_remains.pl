# What an interrupted copy left is a beginning for refresh: of pg_basebackup with the user's word for it, of clone by its mark.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use RefreshTest;
use Test::More;

my $primary = refresh_primary();
my @as_admin = (passfile => $primary->passfile);

sub bytes_in
{
	my ($folder) = @_;
	my ($bytes) = run_program([ 'du', '-sb', $folder ])->{stdout} =~ /^(\d+)/;
	return $bytes || 0;
}

# begun(start, folder): a program that is ended with kill -9 as soon as folder has 10 MB
sub begun
{
	my ($start, $folder) = @_;
	my $pid = $start->();
	ok(poll_until(sub { -e $folder && bytes_in($folder) > 10_000_000 }, 60), 'the copy has begun');
	kill 'KILL', $pid;
	waitpid($pid, 0);
	is($? & 127, 9, 'it is killed in the middle');
	return;
}

# --- pg_basebackup

my $directory = new_standby_directory($primary);
my $port = free_port();
begun(sub {
	my $pid = fork();
	return $pid if $pid;
	$ENV{PGPASSFILE} = $primary->passfile;
	exec bindir() . '/pg_basebackup', '-w', '-h', '127.0.0.1', '-p', $primary->port, '-U', 'postgres', '-D', $directory, '-X', 'none', '-r', '8M', '-c', 'fast';
}, "$directory/base");
ok(!-e "$directory/global/pg_control", 'there is no pg_control');
my @arguments = ('--prepare', '--name', 'standby1', '--port', $port);
my $refused = run_tool(refresh_arguments($primary, $directory, @arguments), @as_admin);
is($refused->{status}, 4, 'without a word from the user it is refused');
like($refused->{output}, qr/no pg_control.*--remains/s, 'and the option is named');
my $refresh = run_tool(refresh_arguments($primary, $directory, @arguments, '--remains'), @as_admin);
is($refresh->{status}, 0, 'with --remains it is completed') or diag($refresh->{output});
my ($share) = $refresh->{output} =~ /came here \(([0-9.]+) %\)/;
cmp_ok($share, '<', 99, "not everything was sent again ($share %)");
is_the_same($primary, $directory, $port, 'remains');

# --- clone

$directory = new_standby_directory($primary, 'standby2');
$port = free_port();
begun(sub {
	return start_tool(clone_arguments($primary, $directory, $port, 'standby2', '--prepare', '--max-rate', '8M'), @as_admin, output => $primary->base . '/clone.output');
}, "$directory/pg_replica.partial/base");
@arguments = ('--prepare', '--name', 'standby2', '--port', $port);
$refresh = run_tool(refresh_arguments($primary, $directory, @arguments), @as_admin);
is($refresh->{status}, 0, 'a killed clone is completed by refresh') or diag($refresh->{output});
($share) = $refresh->{output} =~ /came here \(([0-9.]+) %\)/;
cmp_ok($share, '<', 99, "not everything was sent again ($share %)");
ok(!-e "$directory/pg_replica.unfinished" && !-e "$directory/pg_replica.partial", 'nothing of the clone is left');
is_the_same($primary, $directory, $port, 'clone');

done_testing();
