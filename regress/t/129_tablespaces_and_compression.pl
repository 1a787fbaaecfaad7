# A primary with tablespaces is cloned on its own host, compressed, with WAL in a place of its own; what would end up in the
# wrong place is refused before anything is changed.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ReplicaTest;
use Test::More;

my $primary = stock_primary('primary', extension => 1, config => "fsync = off\nlog_replication_commands = on\n");
my $base = $primary->base;
mkdir "$base/$_" for qw(a b new);
$primary->psql_ok("CREATE TABLESPACE $_ LOCATION '$base/$_'") for qw(a b);
$primary->psql_ok("CREATE TABLE in_$_ TABLESPACE $_ AS SELECT g FROM generate_series(1, 1000) g") for qw(a b);
$primary->psql_ok('CREATE UNLOGGED TABLE "not Copied" (n int)');
my $since_15 = $primary->psql_ok('SHOW server_version_num') >= 150000;

my ($directory, $port) = (new_standby_directory($primary), free_port());
my $with_lz4 = $since_15 && $primary->psql_ok("SELECT setting <> '' FROM pg_config WHERE name = 'CONFIGURE' AND setting LIKE '%with-lz4%'") eq 't';
my @compressed = $with_lz4 ? ('--compress', 'lz4') : $since_15 ? ('--compress', 'gzip:1') : ();
my @mapped = ('-T', "$base/a=$base/new/a", '-T', "$base/b=$base/new/b");
sub clone_with { return run_tool(clone_arguments($primary, $directory, $port, 's1', '--prepare', @_), passfile => $primary->passfile) }

sub refused
{
	my ($what, $status, $pattern, @more) = @_;
	my $state = server_state($primary);
	my $result = clone_with(@more);
	is($result->{status}, $status, "$what: exit status $status");
	like($result->{output}, $pattern, "$what: says why");
	is(server_state($primary), $state, "$what: the primary is as it was");
	is(join(' ', map { tree_of($_) } $directory, "$base/new/a"), 'missing missing', "$what: nothing is made");
	return;
}

refused('unmapped', 4, qr{"\Q$base\E/a" for a tablespace or for WAL is not empty on this host});
refused('mapping of what is no tablespace', 4, qr{no tablespace of the primary lies in "/no/such"}, @mapped, '-T', "/no/such=$base/new/c");
refused('two in one directory', 4, qr{lie in one another}, '-T', "$base/a=$base/new/c", '-T', "$base/b=$base/new/c");
refused('one in the data directory', 4, qr{lie in one another}, '-T', "$base/a=$directory/a", '-T', "$base/b=$base/new/b");
refused('compression by nothing known', 2, qr{no compression "bzip2" for a copy}, @mapped, '--compress', 'bzip2');
refused('compression by the client', 2, qr{no compression "client-lz4" for a copy}, @mapped, '--compress', 'client-lz4');
refused('compression by an old server', 4, qr{cannot compress a copy}, @mapped, '--compress', 'gzip') unless $since_15;

my $hidden = $primary->data_dir . '/base/1/left.by.root';
open(my $file, '>', $hidden) or die "cannot write $hidden: $!";
close($file);
chmod 0, $hidden;
refused('a file that the primary cannot read', 4, qr{the primary says of itself: The server cannot read these files of its data directory: base/1/left\.by\.root}, @mapped);
unlink $hidden;

my $result = clone_with(@mapped, @compressed, '--waldir', "$base/new/wal");
is($result->{status}, 0, 'mapped and compressed, with WAL elsewhere, the standby is made') or diag($result->{output});
like($result->{output}, qr/warning: the standby will not have the rows of 1 unlogged table\(s\) of database "postgres": public\."not Copied"/, 'what it will lack is named');
unlike($result->{output}, qr/warning: (text is sorted|the primary's clock)/, 'host and primary are one: nothing else is');
if ($since_15)
{
	like($result->{output}, qr/\(fast checkpoint, server-(lz4|gzip:1)\)/, 'and the plan says how it is compressed');
	like($primary->log_text, $with_lz4 ? qr/BASE_BACKUP .*COMPRESSION 'lz4'/ : qr/BASE_BACKUP .*COMPRESSION 'gzip'/, 'which is what the server was asked for');
}
unlike($result->{output}, qr/the link carries/, 'a link within one host is not measured');
is(psql_value('127.0.0.1', $port, 'postgres', $primary->passfile, "SELECT (SELECT count(*) FROM in_$_)"), 1000, "what lies in $_ is there")
  for qw(a b);
is(psql_value('127.0.0.1', $port, 'postgres', $primary->passfile, q{SELECT string_agg(pg_tablespace_location(oid), ' ' ORDER BY spcname) FROM pg_tablespace WHERE spcname IN ('a', 'b')}),
	"$base/new/a $base/new/b", 'in places of its own');
is(readlink("$directory/pg_wal"), "$base/new/wal", 'and so is its WAL');
stop_server($directory, 'fast');
done_testing();
