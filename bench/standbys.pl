#!/usr/bin/env perl
# Sessions that are standbys to a primary, without a server each: they speak the replication protocol, stream from a slot of
# their own and report what was sent as written, flushed and replayed (protocol-replication). They run until killed.
# usage: bench/standbys.pl SOCKET_DIRECTORY PORT USER NUMBER LSN     named standby1, standby2, ...; the server must trust
use strict;
use warnings;
use IO::Select;
use IO::Socket::UNIX;

my ($directory, $port, $user, $count, $lsn) = @ARGV;

sub message
{
	my ($type, $content) = @_;
	return $type . pack('N', 4 + length $content) . $content;
}

sub receive
{
	my ($socket) = @_;
	my $head = '';
	while (length $head < 5) { sysread($socket, $head, 5 - length $head, length $head) or die 'the server hung up' }
	my ($type, $length) = unpack('aN', $head);
	my $content = '';
	while (length $content < $length - 4) { sysread($socket, $content, $length - 4 - length $content, length $content) or die 'the server hung up' }
	die "the server says: $content" if $type eq 'E';
	return ($type, $content);
}

sub connect_as
{
	my ($name) = @_;
	my $socket = IO::Socket::UNIX->new("$directory/.s.PGSQL.$port") or die "cannot connect: $!";
	my $start = pack('N', 196608) . join("\0", 'user', $user, 'replication', 'true', 'application_name', $name) . "\0\0";
	syswrite($socket, pack('N', 4 + length $start) . $start);
	while ((receive($socket))[0] ne 'Z') { }
	syswrite($socket, message('Q', "START_REPLICATION SLOT $name PHYSICAL $lsn\0"));
	while ((receive($socket))[0] ne 'W') { }
	return $socket;
}

my ($high, $low) = map { hex } split m{/}, $lsn;
my $position = $high * 2**32 + $low;
my $sockets = IO::Select->new(map { connect_as("standby$_") } 1 .. $count);
my $reported = 0;
while (1)
{
	for my $socket ($sockets->can_read(0.2))
	{
		my ($type, $content) = receive($socket);
		next unless $type eq 'd';
		my ($kind, $start, $end) = unpack('aQ>Q>', $content);
		my $seen = $kind eq 'w' ? $start + length($content) - 25 : $start;
		$position = $seen if $seen > $position;
	}
	next if time() == $reported;
	$reported = time();
	# microseconds since 2000
	my $report = pack('aQ>Q>Q>Q>C', 'r', $position, $position, $position, ($reported - 946684800) * 1000000, 0);
	syswrite($_, message('d', $report)) for $sockets->handles;
}
