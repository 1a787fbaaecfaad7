# Generated pg_hba.conf files: for each, what replica.hba_decision answers for some connections is compared with what the
# server says to these connections on the wire, method included. PG_REPLICA_COMPARISONS is the number of files,
# PG_REPLICA_SEED the seed of the generator.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use IO::Select;
use IO::Socket::IP;
use IO::Socket::UNIX;
use ReplicaTest;
use Socket;
use Test::More;

my $files = $ENV{PG_REPLICA_COMPARISONS} || 40;
my $seed = $ENV{PG_REPLICA_SEED} || 20;
my $connections = 12;    # for each file
note("$files files, $connections connections each, seed $seed");
srand($seed);

my $primary = stock_primary('primary', extension => 1, config => "listen_addresses = '127.0.0.1, ::1'\nlc_messages = 'C'\n");
my $version = $primary->psql_ok('SHOW server_version_num');
my $directory = $primary->data_dir;
my $hba = "$directory/pg_hba.conf";
$primary->psql_ok(q{CREATE ROLE grp; CREATE ROLE inner_grp IN ROLE grp;
	CREATE ROLE rep LOGIN REPLICATION IN ROLE inner_grp; CREATE ROLE "Rep" LOGIN; CREATE ROLE "a b" LOGIN IN ROLE grp;
	CREATE ROLE super SUPERUSER LOGIN});

my @roles = ('rep', 'rep', 'rep', 'Rep', 'a b', 'all', '+grp', 'super', 'replication', 'x"y', '/rep', 'ghost', 'grp', '@list');
my @databases = (undef, undef, undef, 'postgres', 'rep', 'replication', 'all', 'grp', 'a b', '/rep', 'sameuser', '@list');
my @froms = ('127.0.0.1', '127.0.0.1', '127.0.0.5', '127.1.2.3', undef);
push @froms, '::1' if IO::Socket::IP->new(PeerHost => '::1', PeerPort => $primary->port, Type => SOCK_STREAM);

sub pick { return $_[ int(rand(@_)) ] }
sub chance { return rand() < $_[0] }

# --- generator ---

my @database_tokens = (qw(all all replication replication sameuser samerole samegroup postgres rep grp +grp @list /^re "all"
	"replication" "sameuser" re"plication" al"l" "/^p(o|x)" "x""y" "" Replication), '"@list"', '@"list"', '"a b"', '"a b"x', ('all', 'replication') x 4);
my @user_tokens = (qw(all all rep rep Rep "Rep" "all" +grp +grp "+grp" +"grp" +rep +ghost @list /^r.p$ "/^a" "x""y" x""y
	replication "" super +super), '"a b"', '"@list"', '@"list"', 'a" b"', '"#x"', ('all', 'rep') x 4);
my @address_tokens = qw(127.0.0.1/32 127.0.0.1/32 127.0.0.0/8 127.0.0.4/30 127.0.0.5/31 0.0.0.0/0 0.0.0.0/1 all samehost
	samenet ::1/128 ::/0 127.1/8 0177.0.0.1/32 2130706433/32 127.0.0.1/+8 "127.0.0.5/32" 0x7f.1/16 ::ffff:127.0.0.1/128);
push @address_tokens, '127.0.0.1 255.255.255.255', '127.0.0.0 255.0.0.0', '0.0.0.5 0.0.0.255', '::1 ffff::', '127.0.0.5	255.0.255.255';
my @types = qw(host host host host local local hostssl hostnossl hostnossl hostgssenc hostnogssenc);
my @methods = qw(trust password scram-sha-256 md5 reject);

sub blank { return pick(' ', ' ', '  ', "\t", " \t", $version >= 140000 && chance(0.2) ? " \\\n " : ' ') }

sub list_of
{
	my @tokens = map { pick(@_) } 1 .. pick(1, 1, 1, 2, 3);
	return join(chance(0.01) ? ' , ' : pick(',', ', ', ',,'), @tokens);
}

sub rule
{
	my $type = pick(@types);
	my @parts = ($type, list_of(@database_tokens), list_of(@user_tokens));
	if ($type ne 'local')
	{
		push @parts, chance(0.02) ? pick('localhost', '"all"', 'db.example.com') : pick(@address_tokens);
	}
	push @parts, chance(0.01) ? pick('scram', '127.0.0.1', '"') : pick(@methods);
	my $text = $parts[0];
	$text .= blank() . $_ for @parts[ 1 .. $#parts ];
	$text .= pick('', '', '', ' # comment', '#comment "', "\r", '  ');
	return $text;
}

sub generate
{
	my @lines = ('local all postgres trust', 'host all postgres 127.0.0.1/32 scram-sha-256');
	push @lines, chance(0.15) ? chance(0.05) ? '"' : pick('', '# a comment', '  ,', '# continued \\') : rule() for 1 .. pick(3, 6, 12);
	write_text("$directory/list", join(pick("\n", ' ', ','), map { pick('rep', '"a b"', 'all', '"all"', 'replication', 'x', '# y') } 1 .. 3) . "\n");
	if ($version >= 160000 && chance(0.4))
	{
		mkdir "$directory/hba.d";
		write_text("$directory/hba.d/1.conf", rule() . "\n");
		write_text("$directory/hba.d/2.conf", rule());
		write_text("$directory/more", rule() . "\n" . rule() . "\n");
		my @includes = ('include more', 'include_dir hba.d', 'include_if_exists gone', 'include_if_exists "more"');
		splice(@lines, 2 + int(rand(@lines - 2)), 0, pick(@includes));
	}
	return join("\n", @lines) . pick("\n", "\n", '');
}

# --- the server's own answer ---

sub start_packet
{
	my ($role, $database) = @_;
	my %parameters = (user => $role, defined $database ? (database => $database) : (replication => 'true'));
	my $body = pack('N', 196608) . join('', map { "$_\0$parameters{$_}\0" } sort keys %parameters) . "\0";
	return pack('N', length($body) + 4) . $body;
}

# The first message that follows the start packet.
sub first_message
{
	my ($socket) = @_;
	my $data = '';
	while (length($data) < 5 || length($data) < 1 + unpack('N', substr($data, 1, 4)))
	{
		return 'no answer' unless IO::Select->new($socket)->can_read(20);
		sysread($socket, $data, 4096, length $data) or return 'closed';
	}
	return $data;
}

sub answer_of_server
{
	my ($from, $role, $database) = @_;
	my $socket = defined $from
	  ? IO::Socket::IP->new(LocalHost => $from, PeerHost => $from =~ /:/ ? '::1' : '127.0.0.1', PeerPort => $primary->port, Type => SOCK_STREAM)
	  : IO::Socket::UNIX->new(Peer => $primary->socket_directory . '/.s.PGSQL.' . $primary->port);
	return "no connection: $@" unless $socket;
	syswrite($socket, start_packet($role, $database));
	my $message = first_message($socket);
	close $socket;
	if ($message =~ /^R/)
	{
		my %request = (0 => 'trust', 3 => 'password', 5 => 'scram or md5', 10 => 'scram or md5');
		my $code = unpack('N', substr($message, 5, 4));
		return 'accept by ' . ($request{$code} || $code);
	}
	return 'reject' if $message =~ /\0Mpg_hba\.conf rejects/;
	return 'no match' if $message =~ /\0Mno pg_hba\.conf entry/;
	return $message;
}

# --- ours ---

sub literal { my ($text) = @_; return 'NULL' unless defined $text; $text =~ s/'/''/g; return "'$text'" }

# [line, answer] for each question
sub answers_of_evaluator
{
	my (@questions) = @_;
	my $values = join(', ', map { my $q = $questions[$_]; "($_, " . join(', ', map { literal($_) } @$q) . ')' } 0 .. $#questions);
	my $output = $primary->psql_ok(qq{
		SELECT d.decision || CASE WHEN d.decision <> 'accept' THEN ''
		                          WHEN d.auth_method IN ('md5', 'scram-sha-256') THEN ' by scram or md5'
		                          ELSE ' by ' || d.auth_method END
		  FROM (VALUES $values) q (n, address, role, database), LATERAL replica.hba_decision(role, address, false, database) d
		 ORDER BY n});
	return split /\n/, $output;
}

# --- comparison ---

sub load
{
	my ($text) = @_;
	write_text($hba, $text);
	$primary->psql_ok('SELECT pg_reload_conf()');
	return poll_until(sub { $primary->psql_ok(q{SELECT pg_conf_load_time() >= (pg_stat_file(current_setting('hba_file'))).modification}) eq 't' });
}

sub errors_on_disk { return $primary->psql_ok('SELECT count(*) FROM pg_hba_file_rules WHERE error IS NOT NULL AND type IS NULL') }

my ($compared, $undecided, $broken, @differences) = (0, 0, 0);
my %seen;
for my $number (1 .. $files)
{
	my $text = generate();
	die 'the file was not loaded' unless load($text);
	my @questions = map { [ pick(@froms), pick(@roles), pick(@databases) ] } 1 .. $connections;
	my @ours = answers_of_evaluator(@questions);
	my $has_errors = errors_on_disk() ne '0';
	$broken++ if $has_errors;
	note($primary->psql_ok('SELECT line_number, error FROM pg_hba_file_rules WHERE error IS NOT NULL AND type IS NULL')) if $has_errors;
	push @differences, "file $number has errors but is decided\n$text" if $has_errors && grep { $_ ne 'unknown' } @ours;
	push @differences, "file $number is not decided\n$text" if !$has_errors && $text !~ /localhost|"all"|example/ && grep { $_ eq 'unknown' } @ours;
	next if $has_errors;
	for my $i (0 .. $#questions)
	{
		my $question = join(', ', map { defined $_ ? $_ : 'NULL' } @{ $questions[$i] });
		if ($ours[$i] eq 'unknown') { $undecided++; next }
		my $server = answer_of_server(@{ $questions[$i] });
		$compared++;
		$seen{$server}++;
		push @differences, "($question): the server says $server, the evaluator $ours[$i]\n$text" if $server ne $ours[$i];
	}
}
note("$compared connections compared, $undecided not decided, $broken files with errors");
note("$_: $seen{$_}") for sort keys %seen;
is(scalar(@differences), 0, "$compared connections got what the evaluator said") or diag(join("\n\n", @differences[ 0 .. ($#differences < 4 ? $#differences : 4) ]));
cmp_ok($compared, '>', $files * $connections / 2, 'most connections could be compared');
ok($seen{$_}, "\"$_\" was among the answers") for ('accept by trust', 'accept by password', 'accept by scram or md5', 'reject', 'no match');

done_testing();
