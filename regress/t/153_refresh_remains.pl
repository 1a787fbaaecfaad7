# What an interrupted copy left is a beginning for refresh: of pg_basebackup with the user's word for it, of clone and of rejoin by
# their marks.
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

# --- rejoin, killed while pg_rewind runs: a pg_rewind that says so and stands still, but for its try

is(start_standby($directory), 0, 'the standby starts with pg_ctl');
is(run_program([ bindir() . '/pg_ctl', '-w', '-D', $directory, 'promote' ])->{status}, 0, 'it is promoted');
my $new = bless { %$primary, port => $port, data => $directory }, ref $primary;
go_own_way(sub { $primary->psql_ok(@_) });
$primary->psql_ok('CHECKPOINT');
$new->psql_ok('UPDATE big SET changes = 7 WHERE id % 50 = 1');
$primary->stop('fast');
my $former = $primary->data_dir;
my $programs = $primary->base . '/programs';
mkdir $programs;
symlink $_, "$programs/" . (split m{/})[-1] for glob bindir() . '/*';
unlink "$programs/pg_rewind";
open(my $script, '>', "$programs/pg_rewind") or die "pg_rewind: $!";
print $script "#!/bin/sh\ncase \"\$*\" in *--dry-run* | *--version*) exec '" . bindir() . "/pg_rewind' \"\$@\";; esac\ntouch '$programs/reached'\nexec sleep 1000\n";
close $script;
chmod 0755, "$programs/pg_rewind";
my $pid = start_tool([ 'rejoin', '--prepare', $new->connection, '-D', $former, '--name', 'former', '--way', 'rewind', '--bindir', $programs ], @as_admin, output => $primary->base . '/rejoin.output');
ok(poll_until(sub { -e "$programs/reached" }, 60), 'rejoin rewinds') or diag(slurp($primary->base . '/rejoin.output'));
kill 'KILL', $pid;
waitpid($pid, 0);
is($? & 127, 9, 'it is killed in the middle');
ok(-e "$former/pg_replica.rejoin" && -e "$former/pg_replica.partial" && !-e "$former/global", 'its mark is there, and the files are out of the way');
my $guard = run_tool([ 'guard', '-D', $former ], @as_admin);
is($guard->{status}, 4, 'guard calls the directory unfinished');
$refresh = run_tool([ 'refresh', '--prepare', $new->connection, '-D', $former, '--name', 'former', '--bindir', bindir() ], @as_admin);
is($refresh->{status}, 0, 'refresh makes a standby of what the rejoin left') or diag($refresh->{output});
($share) = $refresh->{output} =~ /came here \(([0-9.]+) %\)/;
cmp_ok($share, '<', 80, "not everything was sent ($share %)");
ok(!-e "$former/pg_replica.rejoin" && !-e "$former/pg_replica.partial", 'nothing of the rejoin is left');
is(run_tool([ 'guard', '-D', $former ], @as_admin)->{status}, 0, 'guard lets it start');
is_the_same($new, $former, $primary->port, 'rejoin');

done_testing();
