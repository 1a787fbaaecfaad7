# What the TAP tests share: the tool with a time limit on every run, and a stock primary as a stranger would have it.
#
#   use FindBin; use lib $FindBin::RealBin;
#   use ReplicaTest;
#   my $primary = stock_primary('primary');
#   my $result = run_tool([ 'status', '-p', $primary->port ], passfile => $primary->passfile);
#   is($result->{status}, 0, 'status succeeds') or diag($result->{stderr});
package ReplicaTest;

use strict;
use warnings;

use Exporter 'import';
use POSIX ();
use Test::More ();
use File::Basename qw(dirname);
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(tool_path bindir clone_arguments new_standby_directory tree_of server_state processes_naming stock_primary run_tool start_tool run_program server_major free_port psql_value poll_until write_passfile write_text slurp);
our $admin_password = 'admin pass\'word:1\\';
our $time_limit = $ENV{PG_REPLICA_TEST_TIMEOUT} || 120;    # seconds for one run of the tool

my $here = dirname(__FILE__);

sub tool_path
{
	return $ENV{PG_REPLICA} || "$here/../../build/pg_replica";
}

# The folder of the server's programs, of the pg_ctl on the PATH.
sub bindir
{
	for my $folder (split /:/, $ENV{PATH})
	{
		return $folder if -x "$folder/pg_ctl" && -x "$folder/postgres";
	}
	die "no server programs on the PATH";
}

# A data directory for a standby, which does not exist yet; a server that is started there is stopped at the end.
sub new_standby_directory
{
	my ($primary, $name) = @_;
	my $directory = $primary->base . '/' . ($name || 'standby');
	stop_at_end($directory);
	return $directory;
}

# clone_arguments(primary, directory, port, name, more...): the command line of clone
sub clone_arguments
{
	my ($primary, $directory, $port, $name, @more) = @_;
	return [ 'clone', $primary->connection, '-D', $directory, '--port', $port, '--name', $name, '--bindir', bindir(), @more ];
}

# tree_of(directory): every path below it with kind, mode and size, as a text to compare; "missing" when it is
sub tree_of
{
	my ($directory) = @_;
	return 'missing' unless -e $directory || -l $directory;
	my $result = run_program([ 'find', $directory, '-printf', '%P %y %m %s %l\n' ]);
	return join("\n", sort split /\n/, $result->{stdout});
}

# server_state(primary): what a run that changes nothing leaves alone, as a text to compare
sub server_state
{
	my ($primary) = @_;
	my $state = $primary->psql_ok(q{
		SELECT 'slot ' || slot_name FROM pg_replication_slots
		UNION ALL SELECT 'role ' || rolname || ' ' || coalesce(rolpassword, '') || ' ' || rolconnlimit FROM pg_authid
		UNION ALL SELECT 'extension ' || extname || ' ' || extversion FROM pg_extension
		UNION ALL SELECT 'file setting ' || name || ' ' || setting FROM pg_file_settings
		UNION ALL SELECT 'comment ' || description FROM pg_shdescription
		ORDER BY 1});
	return join("\n", $state, map { "$_:\n" . slurp($_) }
		  map { $primary->psql_ok("SHOW $_") } qw(hba_file ident_file));
}

# processes_naming(text): the command lines of running processes that contain it, of any user; not this process
sub processes_naming
{
	my ($text) = @_;
	my @found;
	for my $file (glob '/proc/[0-9]*/cmdline')
	{
		next if $file eq "/proc/$$/cmdline";
		open(my $handle, '<', $file) or next;
		local $/;
		my $line = <$handle>;
		next unless defined $line && index($line, $text) >= 0;
		$line =~ tr/\0/ /;
		push @found, $line;
	}
	return @found;
}

# The Perl environment of the test framework points at its own servers; the tool must get only what a test gives it.
sub clean_environment
{
	my %environment = map { $_ => $ENV{$_} } grep { !/^PG/ } keys %ENV;
	$environment{LC_ALL} = 'C';
	return %environment;
}

# run_program([argv], env => {...}, passfile => path, stdin => text, timeout => seconds)
#   -> { status => exit status or 128 + signal, stdout, stderr, output => both, timed_out, seconds }
# Without stdin, standard input is /dev/null; there is never a terminal.
sub run_program
{
	my ($command, %options) = @_;
	my ($stdout, $stderr, $timed_out) = ('', '', 0);
	my $stdin = defined $options{stdin} ? $options{stdin} : '';
	my $start = time();
	local %ENV = clean_environment();
	$ENV{PGPASSFILE} = $options{passfile} if defined $options{passfile};
	$ENV{$_} = $options{env}{$_} for keys %{ $options{env} || {} };
	my $limit = IPC::Run::timer($options{timeout} || $time_limit);
	my $run = IPC::Run::start([ 'setsid', '--wait', @$command ], '<', \$stdin, '>', \$stdout, '2>', \$stderr, $limit);
	while ($run->pumpable)
	{
		eval { $run->pump; 1 } or last;
		next unless $limit->is_expired;
		$timed_out = 1;
		$run->kill_kill(grace => 2);
		last;
	}
	eval { $run->finish };
	my $status = $? == -1 ? 255 : ($? & 127) ? 128 + ($? & 127) : $? >> 8;
	$status = 124 if $timed_out;
	return {
		status => $status,
		stdout => $stdout,
		stderr => $stderr,
		output => $stdout . $stderr,
		timed_out => $timed_out,
		seconds => time() - $start
	};
}

# run_tool([arguments], options as for run_program)
sub run_tool
{
	my ($arguments, %options) = @_;
	my $result = run_program([ tool_path(), @$arguments ], %options);
	Test::More::note("pg_replica @$arguments: exit status $result->{status}\n$result->{output}");
	return $result;
}

# Starts the tool in the background, as a leader of its own process group; returns its process id. stdout and stderr
# go to the file output. The caller waits for it with waitpid.
sub start_tool
{
	my ($arguments, %options) = @_;
	my $tool = tool_path();
	my $pid = fork();
	die "cannot fork: $!" unless defined $pid;
	return $pid if $pid;
	%ENV = clean_environment();
	$ENV{PGPASSFILE} = $options{passfile} if defined $options{passfile};
	$ENV{$_} = $options{env}{$_} for keys %{ $options{env} || {} };
	setpgrp(0, 0);
	open(STDIN, '<', '/dev/null');
	open(STDOUT, '>', $options{output} || '/dev/null');
	open(STDERR, '>&', \*STDOUT);
	exec { $tool } $tool, @$arguments or POSIX::_exit(127);
}

# The major version of the server under test; PostgreSQL::Test::Cluster tells it from 14 on only.
sub server_major
{
	my ($major) = `"$ENV{PG_CONFIG}" --version` =~ /(\d+)/ or die "$ENV{PG_CONFIG} tells no version";
	return $major;
}

sub free_port
{
	return PostgreSQL::Test::Cluster::get_free_port();
}

sub slurp
{
	my ($path) = @_;
	open(my $file, '<', $path) or die "cannot read $path: $!";
	local $/;
	my $text = <$file>;
	return defined $text ? $text : '';
}

# write_passfile(path, [host, port, database, user, password], ...): mode 0600, fields escaped
sub write_passfile
{
	my ($path, @lines) = @_;
	unlink $path;
	umask(0077);
	open(my $file, '>', $path) or die "cannot write $path: $!";
	for my $line (@lines)
	{
		my @fields = map { my $field = $_; $field =~ s/([:\\])/\\$1/g; $field } @$line;
		print $file join(':', @fields) . "\n";
	}
	close($file) or die "cannot write $path: $!";
	return $path;
}

# Returns the path.
sub write_text
{
	my ($path, $text) = @_;
	open(my $file, '>', $path) or die "cannot write $path: $!";
	print $file $text;
	close($file) or die "cannot write $path: $!";
	return $path;
}

# poll_until(sub { condition }, seconds): true as soon as the condition is
sub poll_until
{
	my ($condition, $seconds) = @_;
	my $end = time() + ($seconds || 30);
	while (1)
	{
		return 1 if $condition->();
		return 0 if time() > $end;
		select(undef, undef, undef, 0.1);
	}
}

# stock_primary(name, config => "lines", extension => 0 or 1 (created in database postgres; default 0),
#               initdb => [more arguments], directory => the data directory) -> a running primary as a stranger has it:
# initdb with scram-sha-256, an administrator "postgres" with a password, only listen_addresses (and port) changed.
sub stock_primary
{
	my ($name, %options) = @_;
	my $primary = ReplicaTest::Primary->create($name);
	$primary->initialize(%options);
	$primary->start;
	$primary->psql_ok('CREATE EXTENSION pg_replica') if $options{extension};
	return $primary;
}

# psql_value(host, port, user, passfile, sql, dbname): the output of psql -XAt, undef when it fails
sub psql_value
{
	my ($host, $port, $user, $passfile, $sql, $dbname) = @_;
	my $result = run_program(
		[ 'psql', '-XAtqw', '-v', 'ON_ERROR_STOP=1', '-h', $host, '-p', $port, '-U', $user, '-d', $dbname || 'postgres', '-c', $sql ],
		passfile => $passfile);
	Test::More::note("psql: $result->{stderr}") if $result->{status};
	return undef if $result->{status};
	chomp $result->{stdout};
	return $result->{stdout};
}

package ReplicaTest::Primary;

use PostgreSQL::Test::Utils;

my @running;

sub create
{
	my ($class, $name) = @_;
	my $base = PostgreSQL::Test::Utils::tempdir($name);
	return bless {
		name => $name,
		base => $base,
		data => "$base/data",
		socket => PostgreSQL::Test::Utils::tempdir_short(),
		port => ReplicaTest::free_port(),
		password => $ReplicaTest::admin_password,
		passfile => "$base/passfile",
		log => "$base/log",
		start_options => '',
	}, $class;
}

sub name { return $_[0]{name} }
sub host { return '127.0.0.1' }
sub port { return $_[0]{port} }
sub base { return $_[0]{base} }
sub data_dir { return $_[0]{data} }
sub socket_directory { return $_[0]{socket} }
sub password { return $_[0]{password} }
sub passfile { return $_[0]{passfile} }
sub log_text { return ReplicaTest::slurp($_[0]{log}) }

# The connection arguments of the tool and of psql.
sub connection { return ('-h', $_[0]->host, '-p', $_[0]->port, '-U', $_[0]{admin} || 'postgres', '-d', 'postgres') }

sub initialize
{
	my ($self, %options) = @_;
	$self->{data} = $options{directory} if defined $options{directory};
	my $admin = $self->{admin} = $options{admin} || 'postgres';
	$self->{password} = $options{password} if defined $options{password};
	my $pwfile = "$self->{base}/initdb_password";
	PostgreSQL::Test::Utils::append_to_file($pwfile, "$self->{password}\n");
	PostgreSQL::Test::Utils::system_or_bail('initdb', '--no-sync', '-A', 'scram-sha-256', '-U', $admin,
		'--pwfile', $pwfile, '-D', $self->{data}, @{ $options{initdb} || [] });
	unlink $pwfile;
	ReplicaTest::write_passfile($self->{passfile}, [ '*', '*', '*', $admin, $self->{password} ]);
	$self->configure("port = $self->{port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '$self->{socket}'\n"
		  . ($options{config} || ''));
	return;
}

# Appends lines to postgresql.conf.
sub configure
{
	my ($self, $lines) = @_;
	PostgreSQL::Test::Utils::append_to_file(($self->{config_file} || "$self->{data}/postgresql.conf"), "$lines\n");
	return;
}

sub start
{
	my ($self) = @_;
	my @options = $self->{start_options} ? ('-o', $self->{start_options}) : ();
	PostgreSQL::Test::Utils::system_or_bail('pg_ctl', '-s', '-w', '-t', 60, '-D', $self->{data}, '-l', $self->{log}, @options, 'start');
	push @running, $self->{data};
	return;
}

sub stop
{
	my ($self, $mode) = @_;
	return ReplicaTest::stop_server($self->{data}, $mode);
}

sub restart
{
	my ($self) = @_;
	$self->stop('fast');
	return $self->start;
}

# Runs SQL as the administrator; the output of psql -XAt. psql returns undef on failure, psql_ok dies.
sub psql
{
	my ($self, $sql, $dbname) = @_;
	return ReplicaTest::psql_value($self->host, $self->port, $self->{admin}, $self->{passfile}, $sql, $dbname);
}

sub psql_ok
{
	my ($self, $sql, $dbname) = @_;
	my $value = $self->psql($sql, $dbname);
	die "failed on $self->{name}: $sql" unless defined $value;
	return $value;
}

package ReplicaTest;

# stop_server(data directory, mode): immediately unless told otherwise; does nothing when no server runs there
sub stop_server
{
	my ($data, $mode) = @_;
	return unless -e "$data/postmaster.pid";
	local %ENV = clean_environment();
	return system('pg_ctl', '-s', '-w', '-m', $mode || 'immediate', '-D', $data, 'stop') == 0;
}

# A standby that the tool started is stopped at the end, too: stop_at_end(data directory)
sub stop_at_end { push @running, @_; return }
push @EXPORT, qw(stop_server stop_at_end);

END
{
	my $status = $?;
	stop_server($_) for @running;
	$? = $status;
}

1;
