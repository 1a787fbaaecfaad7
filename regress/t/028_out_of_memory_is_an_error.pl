# Where a session gets no more memory, each function ends with an error, of the server's making or of C++, and the session goes on.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use Test::More;

plan skip_all => 'the sanitizers take an address space without a limit' if ($ENV{LD_PRELOAD} || '') =~ /asan/;
# the allocator asks for as much as it needs, and gives back what it can
$ENV{MALLOC_TOP_PAD_} = 0;
$ENV{MALLOC_TRIM_THRESHOLD_} = 0;
my $primary = stock_primary('primary', extension => 1);
my $data = $primary->data_dir;
$primary->psql_ok("CREATE ROLE rep LOGIN REPLICATION PASSWORD 'rep'");
open(my $hba, '>>', "$data/pg_hba.conf") or die "cannot write: $!";
printf $hba "host all \"a role of some length %d\" 192.0.%d.%d/32 reject\n", $_, $_ >> 8, $_ & 255 for 1 .. 1000;
close($hba);

# the calls; those that change something come with the one that takes it back, and either may fail or not
my @calls = ("replica.hba_decision('rep', '10.0.0.1')", "replica.allow_standby('rep', '10.0.0.1')", "replica.disallow_standby('rep', '10.0.0.1')",
	"replica.settings(20)", "replica.set_settings(wal_keep_size => '64MB')", 'replica.reset_settings()', 'replica.synchronous_standbys()',
	"replica.set_synchronous_standbys('{a}', dry_run => true, allow_waiting => true)", "replica.create_slot('s1')", 'replica.slots',
	"replica.drop_slot('s1')", "replica.create_role('regress_ours', 'secret')", "replica.drop_role('regress_ours')",
	"replica.create_rewind_role('regress_rewind', 'secret')", "replica.drop_role('regress_rewind')", 'replica.replication_roles',
	'replica.standbys', 'replica.node', "replica.check(2, 'rep', '10.0.0.1')", "replica.write_marker('s1')", "replica.read_marker('s1')",
	'replica.refresh_list()', 'replica.refresh_diff(decode(repeat($$5a$$, 3 << 20), $$hex$$))');
my $each = join('', map { "\\warn #call $_\nSELECT count(*) FROM $_;\n" } @calls);
my @room = ((map { $_ << 12 } 0 .. 15), (map { $_ << 15 } 2 .. 32), map { 1 << $_ } 21 .. 24);

# takes what is free within the heap: each custom setting is one piece of it
$primary->psql_ok(q{CREATE PROCEDURE public.take_all() LANGUAGE plpgsql AS $$ BEGIN
	FOR size IN REVERSE 18 .. 10 LOOP
		FOR i IN 1 .. 5000 LOOP
			BEGIN PERFORM set_config(format('taken.s%s_%s', size, i), repeat('x', 1 << size), false);
			EXCEPTION WHEN out_of_memory THEN EXIT; END;
		END LOOP;
	END LOOP;
END $$});

sub limit_to
{
	my ($more) = @_;
	return qq{\\! prlimit --pid \$BACKEND --as=\$((\$(sed -n 's/^VmSize:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/\$BACKEND/status) * 1024 + $more)):\n};
}
my $text = "LOAD 'plpgsql';\n\\set VERBOSITY verbose\nSELECT pg_backend_pid() AS pid \\gset\n\\setenv BACKEND :pid\n\\echo :pid\n$each";
$text .= limit_to(0) . "CALL public.take_all();\n" . limit_to($_) . "\\warn #room $_\n$each\\! prlimit --pid \$BACKEND --as=unlimited:\n" for @room;
$text .= "\\warn #room unlimited\n${each}SELECT pg_backend_pid();\n";
open(my $file, '>', $primary->base . '/run.sql') or die "cannot write: $!";
print $file $text;
close($file);
my $run = run_program([ 'psql', '-XAtqw', $primary->connection, '-f', $primary->base . '/run.sql' ], passfile => $primary->passfile, timeout => 600);
is($run->{status}, 0, 'the session lives to the end') or diag(substr($run->{output}, -3000));
my @pids = $run->{stdout} =~ /^(\d+)$/mg;
is($pids[-1], $pids[0], 'and is the same one');
unlike($primary->log_text, qr/was terminated by signal/, 'and so is the server');

my ($room, $call, %failed, %other) = ('', '');
my ($of_server, $of_cpp, $failing) = (0, 0, 0);
for my $line (split /\n/, $run->{stderr})
{
	$room = $1 if $line =~ /^#room (.*)/;
	$call = $1 if $line =~ /^#call (.*)/;
	$failed{$call}++ if $line =~ /ERROR:  53200/;
	$other{"$call with $room: $1"}++ if $line =~ /((?:ERROR|WARNING):  (?!53200).*)/ && $call !~ /refresh_diff/;
	$of_cpp++ if $line =~ /LOCATION:  raise, boundary\.cpp/ && $failing;
	$of_server++ if $line =~ /LOCATION:  (?!raise, boundary)/ && $failing;
	$failing = $line =~ /ERROR:  53200/ if $line =~ /ERROR:  /;
}
note(join("\n", map { "$_: $failed{$_}" } sort keys %failed));
is(join("\n", sort keys %other), '', 'nothing fails for another reason');
cmp_ok($of_server, '>', 10, "$of_server errors of the server's");
cmp_ok($of_cpp, '>', 10, "$of_cpp errors of C++");
cmp_ok(scalar(keys %failed), '>', @calls / 2, 'most functions have failed');
is($primary->psql_ok("SELECT count(*) FROM replica.slots WHERE slot_name = 's1'"), '0', 'with memory again all was taken back: the slot');
is($primary->psql_ok("SELECT count(*) FROM pg_roles WHERE rolname ~ '^regress_'"), '0', 'the roles');
is($primary->psql_ok("SELECT count(*) FROM pg_hba_file_rules WHERE 'rep' = ANY (user_name) OR error IS NOT NULL"), '0', 'the line of pg_hba.conf');
is($primary->psql_ok('SHOW wal_keep_size'), '0', 'the setting');
done_testing();
