# Eight sessions change pg_hba.conf and settings at once: in peace, while backends are killed with SIGKILL, and on a disk
# that is full. Whoever was told of success finds his change in the files, the lines of others are all there, and the files
# are never in a state that the server would not start with. PG_REPLICA_SMALL_DISK is a directory on a file system of at
# most 100 MB with room for a data directory.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use Test::More;

my $seed = $ENV{PG_REPLICA_SEED} || 24;
my $rounds = $ENV{PG_REPLICA_KILLS} || 6;
my $sessions = 8;
note("seed $seed, $rounds kills");
srand($seed);

my $administrator = "# the administrator's own lines\nlocal all all scram-sha-256\nhost all postgres 127.0.0.1/32 scram-sha-256\n";

sub new_primary
{
	my ($name, %options) = @_;
	my $primary = stock_primary($name, %options, extension => 1, config => "lc_messages = 'C'\nautovacuum = off\n$options{config}");
	write_text($primary->data_dir . '/pg_hba.conf', $administrator . "# the end\n");
	$primary->psql_ok('SELECT pg_reload_conf()');
	$primary->psql_ok('CREATE ROLE rep LOGIN REPLICATION');
	return $primary;
}

# start_sessions(primary, statements of each session, ...): each in a process of its own, one transaction a statement; what it
# printed is in the file that is returned for it
my $number = 0;

sub start_sessions
{
	my ($primary, @scripts) = @_;
	return map {
		my $output = $primary->base . '/session_' . ++$number;
		my $script = write_text("$output.sql", $_);
		my $pid = fork();
		die "cannot fork: $!" unless defined $pid;
		if ($pid == 0)
		{
			$ENV{PGPASSFILE} = $primary->passfile;
			open(STDOUT, '>', "$output.out");
			open(STDERR, '>', "$output.err");
			exec('psql', '-XAtqw', '-v', 'VERBOSITY=sqlstate', $primary->connection, '-f', $script);
		}
		{ pid => $pid, out => "$output.out", err => "$output.err" };
	} @scripts;
}

# wait_for(sessions) -> the lines that they printed, and the SQLSTATEs that they met
sub wait_for
{
	my (@running) = @_;
	my (@lines, %states);
	for my $session (@running)
	{
		waitpid($session->{pid}, 0);
		push @lines, split /\n/, slurp($session->{out});
		$states{$_}++ for slurp($session->{err}) =~ /ERROR: +(\w{5})$/mg;
	}
	return (\@lines, \%states);
}

my $next_address = 0;

sub editor
{
	my ($count) = @_;
	my $script = '';
	for (1 .. $count)
	{
		my $address = '10.' . int(++$next_address / 250) . '.' . $next_address % 250 . '.1';
		$script .= "SELECT 'line', '$address', changed FROM replica.allow_standby('rep', '$address');\n";
	}
	return $script;
}

my $size = 1000;

sub setter
{
	my ($count) = @_;
	return join('', map { $size += 16; "SELECT 'size', asked, changed FROM replica.set_settings(wal_keep_size => '${size}MB') WHERE name = 'wal_keep_size';\n" } 1 .. $count);
}

# What must hold whatever happened: lines is what the sessions printed.
sub files_are_sound
{
	my ($primary, $lines, $what) = @_;
	my $hba = slurp($primary->data_dir . '/pg_hba.conf');
	my $broken = $primary->psql_ok('SELECT count(*) FROM pg_hba_file_rules WHERE error IS NOT NULL');
	my $foreign = join('', map { /added by pg_replica$/ ? () : "$_\n" } split /\n/, $hba);
	my @won = map { /^line\|(.*)\|t$/ ? $1 : () } @$lines;
	my @lost = grep { my $line = qr/^host replication "rep" \Q$_\E\/32 scram-sha-256 # added by pg_replica$/m; $hba !~ $line } @won;
	my @lines_of_ours = $hba =~ /"rep" (\S+)\/32/g;
	my %seen;
	my @twice = grep { $seen{$_}++ } @lines_of_ours;
	is($broken, '0', "$what: the server takes every line");
	is($foreign, "$administrator# the end\n", "$what: the administrator's lines are untouched");
	is("@lost", '', "$what: the " . scalar(@won) . ' lines of those who were told of success are there');
	is("@twice", '', "$what: no line is there twice");
	is($primary->psql_ok(q{SELECT count(*) FROM pg_file_settings WHERE error IS NOT NULL AND error !~ 'could not be applied'}), '0', "$what: the settings are readable");
	my $auto = slurp($primary->data_dir . '/postgresql.auto.conf');
	my @sizes = map { /^size\|(.*)\|t$/ ? $1 : () } @$lines;
	my $value = $auto =~ /^wal_keep_size = '(.*)'$/m ? $1 : '';
	ok(!@sizes || $value ne '', "$what: and hold one of the sizes that were set");
	return scalar @won;
}

# --- in peace ---

my $primary = new_primary('primary', config => 'fsync = off');
my ($lines, $states) = wait_for(start_sessions($primary, map { $_ % 2 ? editor(15) : setter(15) } 1 .. $sessions));
is(join(',', %$states), '', 'eight sessions at once: no error');
is(files_are_sound($primary, $lines, 'eight sessions at once'), 60, 'eight sessions at once: each of the 60 lines was added');
is(scalar(grep { /^size/ } @$lines), 60, 'eight sessions at once: and each size was answered');
my ($largest) = sort { $b <=> $a } map { /^size\|(\d+)/ ? $1 : () } @$lines;
is($primary->psql_ok('SHOW wal_keep_size'), "${largest}MB", 'eight sessions at once: the largest size that was asked for is in effect');

# --- with kill -9 ---

for my $round (1 .. $rounds)
{
	my @running = start_sessions($primary, map { $_ % 2 ? editor(200) : setter(200) } 1 .. $sessions);
	select(undef, undef, undef, 0.3 + rand(0.7));
	# of the backends one that works; the postmaster then ends all and recovers
	my $victims = $primary->psql(q{SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() AND query ~ 'replica'});
	my @victims = split / /, $victims || '';
	my $victim = @victims ? $victims[ rand @victims ] : 0;
	kill 'KILL', $victim if $victim;
	kill 'TERM', map { $_->{pid} } @running unless $victim;
	my ($printed) = wait_for(@running);
	push @$lines, @$printed;
	ok(poll_until(sub { defined $primary->psql('SELECT 1') }, 60), "kill $round: the server comes back") or BAIL_OUT('no server');
	isnt($victim, 0, "kill $round: a backend was killed");
	cmp_ok(files_are_sound($primary, $lines, "kill $round"), '>=', 60, "kill $round: nothing is lost");
	my ($again) = wait_for(start_sessions($primary, editor(1) . setter(1)));
	is(scalar(@$again), 2, "kill $round: the next session can change both");
	push @$lines, @$again;
	ok(!-e $primary->data_dir . '/pg_hba.conf.pg_replica-new', "kill $round: and nothing unfinished is left");
}
$primary->restart;
is($primary->psql_ok('SELECT 1'), '1', 'the server starts with what is in the files');
files_are_sound($primary, $lines, 'at the end');
$primary->stop;

# --- on a full disk ---

SKIP:
{
	my $disk = $ENV{PG_REPLICA_SMALL_DISK};
	skip 'no small disk: set PG_REPLICA_SMALL_DISK to a directory on a file system of at most 100 MB', 1 unless $disk;
	my $crowded = new_primary('crowded', config => "max_wal_size = '32MB'\ncheckpoint_timeout = '1h'", directory => "$disk/data");
	wait_for(start_sessions($crowded, setter(1) . editor(1)));
	my ($hba, $auto) = map { slurp($crowded->data_dir . "/$_") } qw(pg_hba.conf postgresql.auto.conf);
	open(my $filler, '>', "$disk/filler") or die "filler: $!";
	1 while syswrite($filler, 'x' x 4096);
	close $filler;
	my ($printed, $met) = wait_for(start_sessions($crowded, map { $_ % 2 ? editor(3) : setter(3) } 1 .. $sessions));
	note('on the full disk: ' . join(', ', map { "$_ x $met->{$_}" } sort keys %$met));
	is("@$printed", '', 'a full disk: nobody is told of success');
	is(slurp($crowded->data_dir . '/pg_hba.conf'), $hba, 'a full disk: pg_hba.conf is byte for byte as it was');
	is(slurp($crowded->data_dir . '/postgresql.auto.conf'), $auto, 'a full disk: so is postgresql.auto.conf');
	cmp_ok($met->{53100} || 0, '>=', 12, 'a full disk: is what the errors say');
	# a disk that is full now and then
	my @running = start_sessions($crowded, map { $_ % 2 ? editor(20) : setter(20) } 1 .. $sessions);
	for (1 .. 40)
	{
		unlink "$disk/filler";
		select(undef, undef, undef, rand 0.05);
		open($filler, '>', "$disk/filler") or next;
		1 while syswrite($filler, 'x' x 65536);
		close $filler;
		select(undef, undef, undef, rand 0.05);
	}
	unlink "$disk/filler";
	($printed, $met) = wait_for(@running);
	note('on a disk that is full now and then: ' . scalar(@$printed) . ' changes, errors ' . join(', ', map { "$_ x $met->{$_}" } sort keys %$met));
	files_are_sound($crowded, $printed, 'a disk that is full now and then');
	($printed) = wait_for(start_sessions($crowded, editor(1) . setter(1)));
	is(scalar(@$printed), 2, 'with room again both can be changed');
	ok(!-e $crowded->data_dir . '/pg_hba.conf.pg_replica-new', 'and nothing unfinished is left');
	$crowded->stop;
	run_program([ 'rm', '-rf', "$disk/data" ]);
}

done_testing();
