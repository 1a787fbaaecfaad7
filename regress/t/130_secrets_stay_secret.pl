# The typed and the generated password appear in the passfile only: not in the logs of either server with
# log_statement = all, not in the arguments of any process, not in pg_stat_activity, not in the data directory, not on
# the screen.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use Test::More;

my $typed = 'typed-S3cret-of-the-administrator';
my $primary = ReplicaTest::Primary->create('primary');
$primary->initialize(password => $typed, config => <<'EOF');
log_statement = all
log_min_duration_statement = 0
log_connections = on
log_replication_commands = on
log_parameter_max_length_on_error = -1
debug_print_plan = on
session_preload_libraries = auto_explain
auto_explain.log_min_duration = 0
auto_explain.log_verbose = on
EOF
$primary->start;
my $directory = new_standby_directory($primary);
my $port = free_port();

# Looks about ten times a second at all processes and at pg_stat_activity while the tool runs, and keeps what it saw.
my $seen = $primary->base . '/seen';
my $stop_file = $primary->base . '/stop';
my $watcher = fork();
if ($watcher == 0)
{
	open(my $file, '>', $seen) or POSIX::_exit(1);
	until (-e $stop_file)
	{
		for my $name (glob '/proc/[0-9]*/cmdline')
		{
			next if $name =~ m{^/proc/$$/};
			open(my $handle, '<', $name) or next;
			local $/;
			my $line = <$handle>;
			$line = '' unless defined $line;
			$line =~ tr/\0/ /;
			print $file "$line\n";
		}
		my $activity = psql_value($primary->socket_directory, $primary->port, 'postgres', $primary->passfile,
			'SELECT query FROM pg_stat_activity WHERE pid <> pg_backend_pid()');
		print $file "$activity\n" if defined $activity;
		select(undef, undef, undef, 0.05);
	}
	close $file;
	POSIX::_exit(0);
}

my $clone = run_tool(clone_arguments($primary, $directory, $port, 'standby1', '--prepare', '--max-rate', '12M'),
	passfile => $primary->passfile);
is($clone->{status}, 0, 'the standby is made') or diag($clone->{output});

my $status = run_tool([ 'status', $primary->connection ], passfile => $primary->passfile);
PostgreSQL::Test::Utils::append_to_file($stop_file, '');
waitpid($watcher, 0);

my ($line) = grep { /replicator_standby1/ } split /\n/, slurp("$directory/pg_replica.passfile");
ok(defined $line, 'the passfile of the standby has a line for its role');
my $generated = (split /:/, $line)[-1];
cmp_ok(length $generated, '>=', 20, 'the generated password is long');
my $verifier = $primary->psql(q{SELECT rolpassword FROM pg_authid WHERE rolname = 'replicator_standby1'});
like($verifier, qr/^SCRAM-SHA-256\$/, 'the server has a SCRAM verifier');

my %place = (
	'the log of the primary' => $primary->log_text,
	'the log of the standby' => slurp("$directory/server.log"),
	'arguments of processes and pg_stat_activity' => slurp($seen),
	'the screen of clone' => $clone->{output},
	'the screen of status' => $status->{output});
like($place{'the log of the primary'}, qr/execute [^:]*: .*pg_control_system/s, 'the log of the primary does hold the statements');
like($place{'arguments of processes and pg_stat_activity'}, qr/pg_basebackup/, 'the watcher did see the copy');
like($place{'arguments of processes and pg_stat_activity'}, qr/BASE_BACKUP|replica\.|pg_stat_progress/, 'and statements');
unlike($place{'the log of the primary'}, qr/SCRAM-SHA-256\$/, 'and no verifier, not even through auto_explain');
for my $place (sort keys %place)
{
	unlike($place{$place}, qr/\Q$typed\E/, "the typed password is not in $place");
	unlike($place{$place}, qr/\Q$generated\E/, "the generated password is not in $place");
	unlike($place{$place}, qr/\Q$verifier\E/, "the verifier is not in $place") if $place !~ /screen/;
}

my $holding = run_program([ 'grep', '-rlF', '-e', $generated, '-e', $typed, $directory ]);
is($holding->{stdout}, "$directory/pg_replica.passfile\n", 'in the new data directory only the passfile holds a password');
unlike(slurp("$directory/pg_replica.passfile"), qr/\Q$typed\E/, 'and it is not the typed one');
$holding = run_program([ 'grep', '-rlF', '-e', $generated, '-e', $typed, $primary->data_dir ]);
is($holding->{stdout}, '', 'no file of the primary holds one');

done_testing();
