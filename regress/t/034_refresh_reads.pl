# replica.refresh_list() names what pg_basebackup copies, replica.refresh_diff() gives the blocks of it that differ, and
# nothing else of the server can be read with them.
use strict;
use warnings;
no warnings 'portable';
use FindBin;
use lib $FindBin::RealBin;
use POSIX ();
use RefreshWire;
use ReplicaTest qw(run_program slurp);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('p');
$node->init(allows_streaming => 1, extra => [ '--no-locale', '-k' ]);
$node->append_conf('postgresql.conf', "autovacuum = off\ncheckpoint_timeout = 1h\nfsync = off\nlogging_collector = on");
$node->start;
my $data = $node->data_dir;
my $major = int($node->safe_psql('postgres', 'SHOW server_version_num') / 10000);

sub sql { return $node->safe_psql('postgres', @_) }

# --- a server with everything that a base backup treats in its own way

my $space = PostgreSQL::Test::Utils::tempdir_short();
# tar, in which pg_basebackup packs the link, takes 100 bytes
my $has_inner = length("$data/i") < 100;
mkdir "$data/i";
sql('CREATE EXTENSION pg_replica');
sql("CREATE TABLESPACE far LOCATION '$space'");
sql("CREATE TABLESPACE inner_one LOCATION '$data/i'") if $has_inner;
sql($_) for 'CREATE TABLE t AS SELECT g, repeat(md5(g::text), 20) AS filler FROM generate_series(1, 5000) g',
  'CREATE TABLE far_t TABLESPACE far AS SELECT * FROM t', ($has_inner ? 'CREATE TABLE inner_t TABLESPACE inner_one AS SELECT * FROM t' : ()),
  'CREATE UNLOGGED TABLE u AS SELECT * FROM t', 'CREATE UNLOGGED TABLE far_u (a int PRIMARY KEY) TABLESPACE far',
  'INSERT INTO far_u SELECT generate_series(1, 1000)', 'VACUUM', q{SELECT replica.create_slot('a')}, 'CHECKPOINT';
my $oid = sql(q{SELECT oid FROM pg_tablespace WHERE spcname = 'far'});
my $inner_oid = sql(q{SELECT oid FROM pg_tablespace WHERE spcname = 'inner_one'});

# a session with a temporary table stays open
my $temporary = fork();
if ($temporary == 0)
{
	run_program([ 'psql', '-XAtqw', '-h', $node->host, '-p', $node->port, '-d', 'postgres',
			'-c', 'CREATE TEMP TABLE gone AS SELECT * FROM t; CREATE TEMP TABLE far_gone TABLESPACE far AS SELECT * FROM t',
			'-c', 'SELECT pg_sleep(600)' ], timeout => 590);
	POSIX::_exit(0);
}
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)'})
  or die 'no temporary table';

sub plant { append_to_file("$data/$_[0]", 'planted'); return }
mkdir "$data/$_" for 'base/pgsql_tmp', 'extra', 'extra/pg_notify', 'extra/empty';
plant($_) for 'base/pgsql_tmp/pgsql_tmp1.0', 'base/1/pgsql_tmpx', 'extra/file with a blank', "extra/caf\xc3\xa9", 'extra/pg_notify/x',
  'backup_manifest', 'base/1/pg_internal.init.7', 'pg_notify/x', 'postgresql.auto.conf.tmp', 'base/1/t3_5', 'base/1/t3_5_vm', 'base/1/t3_x',
  'pg_stat_tmp/x', 'pg_wal/archive_status/x', "pg_tblspc/$oid/other";
symlink '/etc/passwd', "$data/extra/link";
symlink '/etc', "$data/extra/folder";
symlink "$data/postgresql.conf", "$data/extra/inside";
symlink '/etc', "$data/pg_tblspc/etc";
POSIX::mkfifo("$data/extra/pipe", 0600);
sql('CHECKPOINT');

# --- the list is what pg_basebackup made

my ($copy, $far_copy, $inner_copy) = map { $node->basedir . "/$_" } qw(copy far_copy inner_copy);
unlink "$data/pg_tblspc/etc"; # pg_basebackup would not know where to put it
my $made = run_program([ 'pg_basebackup', '-w', '-h', $node->host, '-p', $node->port, '-D', $copy, '-X', 'none', '-c', 'fast',
		'--no-manifest', '-T', "$space=$far_copy", '-T', "$data/i=$inner_copy" ]);
is($made->{status}, 0, 'pg_basebackup makes its copy') or diag($made->{output});
symlink '/etc', "$data/pg_tblspc/etc";

my $found = run_program([ 'find', '-L', $copy, '-mindepth', '1', '-printf', '%y %s %P\n' ])->{stdout};
my %there;
for (split /\n/, $found)
{
	my ($kind, $size, $path) = /^(\w) (\d+) (.*)$/ or next;
	$there{$path} = $kind eq 'd' ? 'directory' : "file $size";
}
delete $there{$_} for 'backup_label', 'backup_label.old';
$there{"pg_tblspc/$oid"} = "tablespace $oid $space";
$there{"pg_tblspc/$inner_oid"} = "tablespace $inner_oid $data/i" if $has_inner;

my (%listed, @order);
for (split /\n/, sql(q{SELECT encode(path, 'hex'), concat_ws(' ', kind, size, tablespace, target) FROM replica.refresh_list()}))
{
	my ($hex, $kind) = split /\|/, $_, 2;
	my $path = pack('H*', $hex);
	push @order, $path;
	$listed{$path} = $kind;
}
# written again by the server between one look and the other
$_->{'current_logfiles'} = 'file' for grep { exists $_->{'current_logfiles'} } \%there, \%listed;
my %growing = map { $_ => 1 } grep { m{^log/} } keys %there;
$there{$_} = $listed{$_} = 'file' for grep { $listed{$_} } keys %growing;
is_deeply(\%listed, \%there, 'the list is what pg_basebackup copies, with kinds, sizes and tablespaces');
cmp_ok(scalar keys %listed, '>', 900, 'which is a whole server');
is(scalar @order, scalar keys %listed, 'nothing is listed twice');
my (%seen, @early);
for my $path (@order)
{
	$seen{$path} = 1;
	push @early, $path if $path =~ m{^(.*)/} && !$seen{$1};
}
is_deeply(\@early, [], 'a folder stands before what is in it');

# --- what the diff gives

sub diff_in
{
	my ($options, @ranges) = @_;
	my $request = unpack('H*', request_of(@ranges));
	my $reply = sql("SELECT encode(replica.refresh_diff('\\x$request'), 'hex')", @$options);
	return reply_of(pack('H*', $reply), @ranges);
}
sub diff { return diff_in([], @_) }

sub joined
{
	my ($answer) = @_;
	return join('', map { $answer->{chunks}{$_} } sort { $a <=> $b } keys %{ $answer->{chunks} });
}
sub chunks_of { return unpack('(a8192)*', $_[0]) }

my @files = grep { $listed{$_} =~ /^file [1-9]/ } sort keys %listed;
my @ranges = grep { $_->[2] <= 1 << 20 } map { [ $_, 0, (split / /, $listed{$_})[1] ] } @files;
my (@different, @batch, $bytes, $batch_bytes);
sub compare_batch
{
	my @answers = diff(@batch);
	for my $range (splice @batch)
	{
		my $answer = shift @answers;
		push @different, $range->[0] unless $answer->{size} == $range->[2] && joined($answer) eq slurp("$copy/$range->[0]");
	}
	$batch_bytes = 0;
	return;
}
for my $range (@ranges)
{
	compare_batch() if @batch == 100 || @batch && $batch_bytes + $range->[2] > 2 << 20;
	push @batch, $range;
	$bytes += $range->[2];
	$batch_bytes += $range->[2];
}
compare_batch();
# pg_control and what a backup itself changes
is_deeply([ grep { !m{^(global/pg_control|backup_label.old|pg_xact/|pg_multixact/)} } @different ], [], 'every listed file is read as pg_basebackup copied it');
note(scalar(@ranges) . " files, $bytes bytes");

my $path = sql(q{SELECT pg_relation_filepath('t')});
my $content = slurp("$data/$path");
my $size = length $content;
my @hashes = map { hash_of($_) } chunks_of($content);
my ($answer) = diff([ $path, 0, $size, @hashes ]);
is_deeply($answer, { status => 0, size => $size, chunks => {} }, 'nothing is sent of a file that is the same');

my @other = @hashes;
$other[$_] = hash_of('x' x 8192) for 0, 7, 8, $#other;
($answer) = diff([ $path, 0, $size, @other ]);
is_deeply([ sort { $a <=> $b } keys %{ $answer->{chunks} } ], [ 0, 7, 8, $#other ], 'of one that is not, just the blocks that differ');
is_deeply([ map { $answer->{chunks}{$_} } 0, 7, 8, $#other ], [ (chunks_of($content))[ 0, 7, 8, $#other ] ], 'byte for byte');

($answer) = diff([ $path, 0, $size, @hashes[ 0 .. 9 ] ]);
is_deeply([ sort { $a <=> $b } keys %{ $answer->{chunks} } ], [ 10 .. $#hashes ], 'what has no hash is sent');
($answer) = diff([ $path, 16384, 40960, @hashes[ 2 .. 5 ] ]);
is_deeply($answer, { status => 0, size => 40960, chunks => { 4 => (chunks_of($content))[6] } }, 'a range may begin and end within the file');
($answer) = diff([ $path, 0, $size + 100000, @hashes ]);
is_deeply($answer, { status => 0, size => $size, chunks => {} }, 'a range that reaches beyond the end says where the end is');
($answer) = diff([ $path, 8192 * 1000000, 8192 ]);
is_deeply($answer, { status => 0, size => 0, chunks => {} }, 'as does one that lies behind it');
is_deeply([ map { $_->{status} } diff([ 'base/1/99999', 0, 1 ], [ $path, 0, 8192 ], [ 'base/99999/1', 0, 1 ]) ], [ 1, 0, 1 ],
	'files and folders that are gone are missing, and the rest is answered');
is((diff([ sql(q{SELECT pg_relation_filepath('u')}), 0, 8192 ]))[0]{status}, 1, 'so is a relation that is unlogged now');
is((diff([ sql(q{SELECT pg_relation_filepath('u')}) . '_init', 0, 8192 ]))[0]{status}, 0, 'but not its init fork');

my $control = slurp("$data/global/pg_control");
my ($small) = do { local $RefreshWire::chunk_size = 512; diff([ 'global/pg_control', 0, 8192, map { hash_of($_) } unpack('(a512)*', $control) ]) };
is_deeply($small, { status => 0, size => 8192, chunks => {} }, 'pg_control is read, and chunks may be smaller than a block');

# --- damaged blocks are not passed on

sub patch
{
	my ($file, $at, $text) = @_;
	open(my $handle, '+<:raw', "$data/$file") or die "cannot open $file: $!";
	seek($handle, $at, 0);
	print $handle $text;
	close($handle) or die "cannot write $file: $!";
	return;
}
sub damage_of { return ($node->psql('postgres', "SELECT replica.refresh_diff('\\x" . unpack('H*', request_of(@_)) . "')"))[2] }

sql('CHECKPOINT');
my $block = substr($content, 3 * 8192, 8192);
patch($path, 3 * 8192 + 5000, chr(ord(substr($block, 5000, 1)) ^ 1));
like(damage_of([ $path, 0, $size, @hashes ]), qr/ERROR:  block 3 in file "\Q$path\E" is damaged\n/, 'one bit is wrong: named');
is((diff([ $path, 0, 3 * 8192, @hashes[ 0 .. 2 ] ]))[0]{status}, 0, 'what is beside it is read');
like(damage_of([ $path, 3 * 8192, 8192 ]), qr/ERROR:  block 3 in/, 'counted from the start of the relation');
patch($path, 3 * 8192, "\xff" x 8);
is((diff([ $path, 0, $size, @hashes ]))[0]{chunks}{3} eq $block, '', 'a block that replay will write anew is read, as pg_basebackup does');
patch($path, 3 * 8192, "\0" x 8192);
is(joined(diff([ $path, 0, $size, @hashes ])), "\0" x 8192, 'so is one that was never written');
patch($path, 3 * 8192, $block);
is(joined(diff([ $path, 0, $size, @hashes ])), '', 'and all is well again');
append_to_file("$data/base/1/98765.2", $block);
like(damage_of([ 'base/1/98765.2', 0, 8192 ]), qr/ERROR:  block 262144 in file/, 'blocks of later segments count on');
unlink "$data/base/1/98765.2";
append_to_file("$data/base/1/98765.txt", $block);
is((diff([ 'base/1/98765.txt', 0, 8192 ]))[0]{size}, 8192, 'other files have no checksums');
unlink "$data/base/1/98765.txt";

# --- paths that lead elsewhere

sub refusal
{
	my ($request, @options) = @_;
	my ($status, $out, $error) = $node->psql('postgres', '\set VERBOSITY verbose' . "\nSELECT replica.refresh_diff('\\x" . unpack('H*', $request) . "')", @options);
	return $status == 0 ? "answered: $out" : $error =~ /ERROR:  (\w{5}): / ? $1 : $error;
}

my $version = (grep { m{^pg_tblspc/$oid/} } @order)[0];
my @hostile = (
	'/etc/passwd', '//etc/passwd', '../etc/passwd', '..', '.', './PG_VERSION', '/', 'base/..', 'base/../../x', 'base/../postgresql.conf',
	'base//1', 'base/1/', 'PG_VERSION/', 'PG_VERSION/.', 'PG_VERSION/x', "PG_VERSION\0", "\0", "base\0/../x", 'base/1/..',
	'extra/link', 'extra/folder/passwd', 'extra/inside', 'extra/folder', 'extra/pipe', 'extra', 'base', 'base/1', 'pg_tblspc', "pg_tblspc/$oid",
	'pg_tblspc/etc', 'pg_tblspc/etc/passwd', "pg_tblspc/$oid/other", "pg_tblspc/$oid/../$oid/other", "$version/../other", "$version/../../etc/passwd",
	$version, ($has_inner ? 'i/' . ($version =~ s{.*/}{}r) . '/1/1' : ()), 'postmaster.pid', 'postmaster.opts', 'backup_manifest',
	'backup_label', 'tablespace_map', 'postgresql.auto.conf.tmp', 'pg_notify/x', 'pg_stat_tmp/x', 'extra/pg_notify/x', 'pg_replslot/a/state',
	'pg_wal/archive_status/x', 'pg_wal/' . sql('SELECT pg_walfile_name(pg_current_wal_lsn())'), 'base/pgsql_tmp/pgsql_tmp1.0',
	'base/1/pgsql_tmpx', 'base/1/pg_internal.init.7', 'base/1/t3_5', 'base/1/t3_5_vm', 'pg_subtrans/0000', 'pg_serial/x', 'pg_snapshots/x',
	'pg_dynshmem/x', 'PG_VERSION' . ('/' x 500), 'x/' x 400 . 'x/../..', '../' x 300 . 'etc/passwd');
cmp_ok(scalar @hostile, '>=', 50, 'at least 50 hostile paths');
for my $hostile (@hostile)
{
	my $name = length $hostile > 40 ? substr($hostile, 0, 40) . '...' : $hostile;
	$name =~ s/\0/\\0/g;
	is(refusal(request_of([ $hostile, 0, 1 ])), '42501', "refused: $name");
	is(refusal(request_of([ 'PG_VERSION', 0, 1 ], [ $hostile, 0, 1 ])), '42501', "also behind a good one") if $hostile =~ m{^/etc};
}
# what the server's operating system user may not read is an error, not a gap
plant('extra/unreadable');
chmod 0000, "$data/extra/unreadable";
like(damage_of([ 'extra/unreadable', 0, 1 ]), qr/ERROR:  could not open "extra\/unreadable"\nDETAIL:  The operating system says: Permission denied\.$/, 'a file that cannot be read');
is(refusal(request_of([ 'extra/unreadable', 0, 1 ])), '42501', 'by its SQLSTATE');
unlink "$data/extra/unreadable";
mkdir "$data/extra/closed", 0000;
like(($node->psql('postgres', 'SELECT count(*) FROM replica.refresh_list()'))[2], qr/ERROR:  could not open "extra\/closed"\n/, 'a folder that cannot be listed');
rmdir "$data/extra/closed";
is(refusal(request_of([ 'x' x 1025, 0, 1 ])), '08P01', 'refused: a path that is too long');
is(refusal(request_of([ '', 0, 1 ])), '08P01', 'refused: an empty path');

# --- requests that are none

my $whole = request_of([ $path, 0, 16384, @hashes[ 0, 1 ] ], [ 'PG_VERSION', 0, 3 ]);
my $survived = sql('DO $$DECLARE whole bytea := \'\x' . unpack('H*', $whole) . q{'; refused int := 0; state text; BEGIN
	PERFORM replica.refresh_diff(whole);
	FOR size IN 0 .. length(whole) - 1 LOOP
		BEGIN PERFORM replica.refresh_diff(substring(whole FROM 1 FOR size));
		EXCEPTION WHEN protocol_violation THEN refused := refused + 1; END;
	END LOOP;
	IF refused <> length(whole) THEN RAISE 'only % of % are refused', refused, length(whole); END IF;
	-- any byte may be changed to any other: an answer or an error, but the session lives
	FOR at IN 0 .. length(whole) - 1 LOOP
		FOR other IN 0 .. 255 BY 15 LOOP
			BEGIN PERFORM replica.refresh_diff(set_byte(whole, at, other));
			EXCEPTION WHEN protocol_violation OR insufficient_privilege THEN refused := refused + 1; END;
		END LOOP;
	END LOOP;
	END$$; SELECT 'lives'});
is($survived, 'lives', 'cut short at each byte, and changed at each byte: refused or answered');

sub with { my ($at, $number) = @_; my $changed = $whole; substr($changed, $at, 4) = pack('N', $number); return $changed }
my $range_at = 4 * 3 + 192 + 4;
my %malformed = (
	'no version' => with(0, 0), 'a later version' => with(0, 2), 'no chunk size' => with(4, 0), 'an odd chunk size' => with(4, 1000),
	'a huge chunk size' => with(4, 1 << 21), 'the largest chunk size' => with(4, 0xFFFFFFFF), 'an unknown compression' => with(8, 2),
	'more ranges than there are' => with($range_at - 4, 3), 'fewer ranges than there are' => with($range_at - 4, 1), 'far too many ranges' => with($range_at - 4, 0xFFFFFFFF),
	'a path longer than all' => with($range_at, 0xFFFFFFFF), 'a path longer than allowed' => with($range_at, 5000),
	'more hashes than chunks' => request_of([ $path, 0, 8192, @hashes[ 0, 1 ] ]), 'far too many hashes' => with($range_at + 4 + length($path) + 12, 0xFFFFFFFF),
	'no length' => request_of([ $path, 0, 0 ]), 'a length of 4 GiB' => request_of([ $path, 0, 0xFFFFFFFF ]), 'more than 4 MiB' => request_of([ $path, 0, (4 << 20) + 1 ]),
	'more than 4 MiB in two' => request_of([ $path, 0, 3 << 20 ], [ $path, 0, 2 << 20 ]), 'an offset within a chunk' => request_of([ $path, 1, 1 ]),
	'a negative offset' => request_of([ $path, 1 << 63, 1 ]), 'the last offset' => request_of([ $path, 0x7FFFFFFFFFFFE000, 8192 ]),
	'257 ranges' => request_of(map { [ 'PG_VERSION', 0, 1 ] } 1 .. 257), 'bytes behind the end' => "$whole\0", 'nothing' => '', 'text' => 'SELECT 1');
is(refusal($malformed{$_}), '08P01', "refused: $_") for sort keys %malformed;
is(sql(q{DO $$BEGIN PERFORM replica.refresh_diff(decode(repeat('00', 2000000), 'hex')); EXCEPTION WHEN protocol_violation THEN NULL; END$$; SELECT 1}), '1', 'refused: 2 MB of zeros');
($answer) = diff(map { [ 'PG_VERSION', 0, 1 ] } 1 .. 256);
is($answer->{chunks}{0}, '1', '256 ranges are not too many');

# packed, it is the same
{
	my @plain = diff([ $path, 0, 1 << 20 ]);
	local $RefreshWire::compression = 1;
	is_deeply([ diff([ $path, 0, 1 << 20 ]) ], \@plain, 'a reply that LZ4 has packed is the same');
	cmp_ok($RefreshWire::packed, '>', 0, 'and it was packed');
}

# --- who may

sql($_) for 'CREATE ROLE plain LOGIN', 'CREATE ROLE backup LOGIN REPLICATION', 'GRANT USAGE ON SCHEMA replica TO plain, backup',
  'CREATE FUNCTION lend(bytea) RETURNS bytea LANGUAGE sql SECURITY DEFINER AS $$SELECT replica.refresh_diff($1)$$',
  'CREATE FUNCTION lend() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$SELECT count(*) FROM replica.refresh_list()$$';
my %as = map { $_ => [ extra_params => [ '-U', $_ ] ] } qw(plain backup);
my $good = request_of([ 'PG_VERSION', 0, 1 ]);
is(refusal($good, @{ $as{$_} }), '42501', "$_: nothing without EXECUTE") for qw(plain backup);
sql('GRANT EXECUTE ON FUNCTION replica.refresh_list(), replica.refresh_diff(bytea) TO plain, backup');
is(refusal($good, @{ $as{plain} }), '42501', 'a plain role is refused in spite of EXECUTE');
is(($node->psql('postgres', 'SELECT count(*) FROM replica.refresh_list()', @{ $as{plain} }))[0], 3, 'the list as well');
is(($node->psql('postgres', 'SELECT lend()', @{ $as{plain} }))[0], 3, 'a SECURITY DEFINER function lends it to nobody');
is(($node->psql('postgres', "SELECT lend('\\x" . unpack('H*', $good) . "')", @{ $as{plain} }))[0], 3, 'nor the diff');
is((diff_in($as{backup}, [ 'PG_VERSION', 0, 1 ]))[0]{chunks}{0}, '1', 'a role with REPLICATION may read');
is(sql('SELECT count(*) > 900 FROM replica.refresh_list()', @{ $as{backup} }), 't', 'and list');
sql('CREATE ROLE root SUPERUSER; GRANT root TO plain');
is(($node->psql('postgres', 'SET ROLE root; SELECT count(*) FROM replica.refresh_list()', @{ $as{plain} }))[0], 3, 'SET ROLE does not make up for the role of the session');

# a long request ends when it is cancelled, and the session goes on
like(($node->psql('postgres', q{SET statement_timeout = '1s'; SELECT count(replica.refresh_diff('\x} . unpack('H*', request_of([ $path, 0, $size ])) . q{')) FROM generate_series(1, 100000)}))[2],
	qr/statement timeout/, 'a cancel request is heard');

kill 'TERM', $temporary;
sql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)'});
waitpid($temporary, 0);
unlike(slurp($node->logfile), qr/PANIC|was terminated by signal/, 'no backend has crashed');
done_testing();
