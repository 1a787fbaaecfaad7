# What the tests of refresh share: a primary with something on it, what changes it, and the proof that a refreshed directory
# is what the primary is.
package RefreshTest;

use strict;
use warnings;

use Exporter 'import';
use POSIX ();
use ReplicaTest;
use Test::More ();

our @EXPORT = qw(refresh_primary refresh_arguments change_some go_own_way lose_wal start_standby is_the_same dump_of stale_block_is_noticed caught_up killed_at is_refused start_load stop_load);

# A primary with checksums, a table of about 20 MB and small ones.
sub refresh_primary
{
	my (%options) = @_;
	my $primary = stock_primary('primary', initdb => ['--data-checksums'], extension => 1,
		config => "max_wal_size = '256MB'\n" . ($options{config} || ''));
	$primary->psql_ok('CREATE EXTENSION amcheck');
	$primary->psql_ok(q{
		CREATE TABLE big AS SELECT g AS id, repeat(md5(g::text), 12) AS filler, 0 AS changes FROM generate_series(1, 40000) g;
		ALTER TABLE big ADD PRIMARY KEY (id);
		CREATE TABLE short_lived AS SELECT * FROM big LIMIT 1000;
		CREATE UNLOGGED TABLE unlogged AS SELECT * FROM big LIMIT 100});
	$primary->psql_ok('VACUUM (FREEZE) big');    # or autovacuum changes every page of it
	return $primary;
}

# The name, port, slot and role come from the directory's own configuration.
sub refresh_arguments
{
	my ($primary, $directory, @more) = @_;
	return [ 'refresh', $primary->connection, '-D', $directory, '--bindir', bindir(), @more ];
}

my $changes = 0;

# Some rows, a table and a database that come and go, and a table that is written anew.
sub change_some
{
	my ($primary) = @_;
	$changes++;
	$primary->psql_ok(qq{
		UPDATE big SET changes = changes + 1 WHERE id % 400 = $changes;
		CREATE TABLE more$changes AS SELECT * FROM big WHERE id < 500;
		DELETE FROM big WHERE id > 40000 - 100 * $changes});
	$primary->psql_ok('DROP TABLE short_lived');
	$primary->psql_ok('CREATE TABLE short_lived AS SELECT * FROM big LIMIT 1000');
	$primary->psql_ok('VACUUM FULL short_lived');
	$primary->psql_ok("CREATE DATABASE db$changes");
	$primary->psql_ok("CREATE TABLE t AS SELECT generate_series(1, 100) AS n", "db$changes");
	$primary->psql_ok('DROP DATABASE db' . ($changes - 1)) if $changes > 1;
	$primary->psql_ok('CHECKPOINT');
	return;
}

# The same on the other side, as a primary of its own would.
sub go_own_way
{
	my ($query) = @_;
	for my $sql ('UPDATE big SET filler = reverse(filler) WHERE id < 3000', 'CREATE TABLE only_here AS SELECT * FROM big LIMIT 2000',
		'DROP TABLE short_lived', 'CREATE DATABASE db_only_here', 'VACUUM FULL big', 'CHECKPOINT')
	{
		$query->($sql);
	}
	Test::More::is($query->('SELECT count(*) FROM only_here'), '2000', 'it has changed on its own');
	return;
}

# The slot is dropped and the WAL since then is recycled: only a copy or a refresh helps.
sub lose_wal
{
	my ($primary, $slot) = @_;
	$primary->psql_ok("SELECT pg_drop_replication_slot('$slot')");
	for (1 .. 3)
	{
		$primary->psql_ok('SELECT pg_switch_wal()');
		$primary->psql_ok('CHECKPOINT');
	}
	return;
}

sub start_standby
{
	my ($directory) = @_;
	return run_program([ bindir() . '/pg_ctl', '-s', '-w', '-D', $directory, '-l', "$directory/server.log", 'start' ])->{status};
}

# All databases as text; pg_dumpall's own random key left out.
sub dump_of
{
	my ($port, $passfile) = @_;
	my $result = run_program([ bindir() . '/pg_dumpall', '-w', '-h', '127.0.0.1', '-p', $port, '-U', 'postgres', '--no-unlogged-table-data' ],
		passfile => $passfile);
	die "pg_dumpall: $result->{stderr}" if $result->{status};
	return join "\n", grep { !/^\\(un)?restrict / && !/^CREATE TABLESPACE/ && !/^--/ } split /\n/, $result->{stdout};
}

# Where two dumps part, with a little around it.
sub first_difference
{
	my ($expected, $got) = map { [ split /\n/ ] } @_;
	my $line = 0;
	$line++ while $line < @$expected && $line < @$got && $expected->[$line] eq $got->[$line];
	my $around = sub { my ($lines) = @_; join "\n", map { substr($_, 0, 200) } grep { defined } @$lines[ ($line > 2 ? $line - 2 : 0) .. $line + 2 ] };
	return "line $line; primary:\n" . $around->($expected) . "\nstandby:\n" . $around->($got);
}

sub caught_up
{
	my ($primary, $port) = @_;
	my $lsn = $primary->psql_ok('SELECT pg_current_wal_insert_lsn()');
	return poll_until(
		sub { (psql_value('127.0.0.1', $port, 'postgres', $primary->passfile, "SELECT pg_last_wal_replay_lsn() >= '$lsn'") || '') eq 't' }, 60);
}

# The program pg_amcheck, or what it would call where it does not exist yet: before 14 amcheck knows indexes only.
sub amcheck
{
	my ($port, $passfile) = @_;
	my @connection = ('-w', '-h', '127.0.0.1', '-p', $port, '-U', 'postgres', '-d', 'postgres');
	my @check = server_major() >= 14
	  ? (bindir() . '/pg_amcheck', @connection, '--heapallindexed')
	  : ('psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', @connection, '-c', q{SELECT bt_index_check(c.oid, true)
			FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid JOIN pg_am a ON a.oid = c.relam
			WHERE a.amname = 'btree' AND c.relpersistence = 'p' AND i.indisready AND i.indisvalid});
	return run_program(\@check, passfile => $passfile, timeout => 300);
}

# is_the_same(primary, directory, port, what): the standby runs there; it is stopped afterwards
sub is_the_same
{
	my ($primary, $directory, $port, $what) = @_;
	Test::More::ok(caught_up($primary, $port), "$what: the standby has caught up");
	my ($expected, $got) = map { dump_of($_, $primary->passfile) } $primary->port, $port;
	Test::More::ok($expected eq $got, "$what: both servers dump the same") or Test::More::diag(first_difference($expected, $got));
	my $check = amcheck($port, $primary->passfile);
	Test::More::is($check->{status}, 0, "$what: amcheck finds nothing on the standby") or Test::More::diag($check->{output});
	stop_server($directory, 'fast');
	my $checksums = run_program([ bindir() . '/pg_checksums', '--check', '-D', $directory ]);
	Test::More::is($checksums->{status}, 0, "$what: pg_checksums finds nothing in its files") or Test::More::diag($checksums->{output});
	return;
}

# The proof above must see one old block of a frozen table that was put back after a checkpoint.
sub stale_block_is_noticed
{
	my ($primary, $directory, $port) = @_;
	caught_up($primary, $port);
	my $file = $primary->psql_ok(q{SELECT pg_relation_filepath('big')});
	$primary->psql_ok('VACUUM (FREEZE) big');
	$primary->psql_ok('CHECKPOINT');
	caught_up($primary, $port);
	psql_value('127.0.0.1', $port, 'postgres', $primary->passfile, 'CHECKPOINT');
	my $block = read_block("$directory/$file", 10);
	$primary->psql_ok(q{UPDATE big SET changes = -1 WHERE ctid::text LIKE '(10,%'});
	$primary->psql_ok('VACUUM (FREEZE) big');
	$primary->psql_ok('CHECKPOINT');
	caught_up($primary, $port);
	psql_value('127.0.0.1', $port, 'postgres', $primary->passfile, 'CHECKPOINT');
	stop_server($directory, 'fast');
	return 0 if read_block("$directory/$file", 10) eq $block;    # nothing to put back
	write_block("$directory/$file", 10, $block);
	return 0 if start_standby($directory);
	caught_up($primary, $port);
	return dump_of($primary->port, $primary->passfile) ne dump_of($port, $primary->passfile);
}

# killed_at(primary, directory, sentence): a refresh that gets kill -9 as soon as it has announced that step; its output.
sub killed_at
{
	my ($primary, $directory, $sentence, %options) = @_;
	my $output = $primary->base . '/killed.output';
	unlink $output;
	my $pid = start_tool(refresh_arguments($primary, $directory, @{ $options{arguments} || [] }), passfile => $primary->passfile, output => $output);
	my $end = time() + 100;
	until (-e $output && index(slurp($output), $sentence) >= 0)
	{
		last if time() > $end || waitpid($pid, POSIX::WNOHANG()) == $pid;
		select(undef, undef, undef, 0.002);
	}
	$options{before}->() if $options{before};
	kill 'KILL', $pid;
	waitpid($pid, 0);
	Test::More::is($? & 127, 9, "killed at \"$sentence\": in the middle of its work") or Test::More::diag(slurp($output));
	return slurp($output);
}

# No server starts on the directory, and the reason is the missing pg_control.
sub is_refused
{
	my ($primary, $directory, $what) = @_;
	Test::More::ok(!-e "$directory/global/pg_control", "$what: pg_control is out of the way");
	Test::More::ok(-e "$directory/pg_replica.refresh", "$what: the mark is there");
	my $start = run_program([ bindir() . '/postgres', '-D', $directory, '-p', free_port() ], timeout => 20);
	Test::More::isnt($start->{status}, 0, "$what: no server starts");
	Test::More::like($start->{output}, qr/could not find the database system/, "$what: and it says why");
	return;
}

# A writer of rows and one of tables and databases, until stop_load. Returns the primary and their process ids.
sub start_load
{
	my ($primary, @more) = @_;
	my $rows = 'UPDATE big SET changes = changes + 1 WHERE id BETWEEN 1 + (random() * 39000)::int AND 39000 AND id % 97 = 3;'
	  . 'INSERT INTO grows SELECT g, md5(g::text) FROM generate_series(1, 500) g; DELETE FROM grows WHERE id % 7 = 0;';
	$primary->psql_ok('CREATE TABLE IF NOT EXISTS grows (id int, text text)');
	my @churn = (
		'CREATE TABLE churn AS SELECT * FROM big LIMIT 3000', 'CREATE INDEX ON churn (id)', 'TRUNCATE unlogged', 'VACUUM FULL grows',
		'CREATE DATABASE churn', 'ALTER TABLE churn SET UNLOGGED', 'TRUNCATE grows', 'DROP DATABASE churn', @more, 'DROP TABLE churn');
	return ($primary, map { writer($primary, @$_) } ([$rows], \@churn));
}

sub writer
{
	my ($primary, @statements) = @_;
	my $pid = fork();
	die "cannot fork: $!" unless defined $pid;
	return $pid if $pid;
	open(STDOUT, '>', '/dev/null');
	open(STDERR, '>', '/dev/null');
	while (1)
	{
		for my $sql (@statements)
		{
			system('env', 'PGPASSFILE=' . $primary->passfile, 'PGAPPNAME=load', 'psql', '-Xqw', '-h', $primary->host, '-p', $primary->port, '-U', 'postgres', '-d', 'postgres', '-c', $sql);
			POSIX::_exit(0) if getppid() == 1;
		}
	}
}

# The statement that was on its way when its writer was killed still ends, and may commit: nothing is quiet before that.
sub stop_load
{
	my ($primary, @pids) = @_;
	kill 'KILL', @pids;
	waitpid($_, 0) for @pids;
	poll_until(sub { $primary->psql_ok(q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'load'}) eq '0' }, 120)
	  or die 'the load does not end';
	return;
}

sub read_block
{
	my ($file, $number) = @_;
	open(my $handle, '<:raw', $file) or die "cannot read $file: $!";
	seek($handle, $number * 8192, 0);
	read($handle, my $block, 8192) == 8192 or die "no block $number in $file";
	return $block;
}

sub write_block
{
	my ($file, $number, $block) = @_;
	open(my $handle, '+<:raw', $file) or die "cannot write $file: $!";
	seek($handle, $number * 8192, 0);
	print $handle $block;
	close($handle) or die "cannot write $file: $!";
	return;
}

1;
