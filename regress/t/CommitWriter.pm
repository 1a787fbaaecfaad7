# A client that commits a row about every 5 ms, to whichever of several servers takes writes, and notes what was
# acknowledged. No number is ever tried twice.
#
#   perl -I regress/t -MCommitWriter -e 'CommitWriter::run(@ARGV)' 'host=... target_session_attrs=read-write' FILE
#
# The table is numbers (n bigint PRIMARY KEY). Each line of FILE: the number and the time of its acknowledgement. It ends
# with SIGTERM.
package CommitWriter;

use strict;
use warnings;

use IPC::Open2;
use Time::HiRes qw(time sleep);

sub run
{
	my ($connection, $file) = @_;
	my ($number, $over) = (0, 0);
	local $SIG{TERM} = sub { $over = 1 };
	local $SIG{PIPE} = 'IGNORE';
	open(my $acknowledged, '>', $file) or die "cannot write $file: $!";
	$acknowledged->autoflush(1);
	until ($over)
	{
		my $pid = open2(my $answers, my $statements, 'psql', '-XAtqw', '-d', $connection);
		$statements->autoflush(1);
		until ($over)
		{
			$number++;
			print $statements "INSERT INTO numbers VALUES ($number) RETURNING n;\n" or last;
			my $line = <$answers>;
			last unless defined $line && $line =~ /^\d+$/;
			print $acknowledged $number, ' ', time(), "\n";
			sleep(0.005);
		}
		close $statements;
		close $answers;
		waitpid($pid, 0);
		sleep(0.01);
	}
	return;
}

# What FILE says: the numbers, and the longest time between two acknowledgements in milliseconds.
sub read_file
{
	my ($file) = @_;
	my (@numbers, $last);
	my $longest = 0;
	open(my $lines, '<', $file) or die "cannot read $file: $!";
	while (<$lines>)
	{
		my ($number, $time) = split;
		push @numbers, $number;
		$longest = $time - $last if defined $last && $time - $last > $longest;
		$last = $time;
	}
	return (\@numbers, int($longest * 1000));
}

1;
