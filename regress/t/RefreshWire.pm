# The requests and replies of replica.refresh_diff, written a second time from the format in core/refresh_wire.hpp, so that
# a test does not take the word of the code that it tests. Also XXH3 with 128 bits, for more than 240 bytes, and how LZ4 unpacks.
package RefreshWire;

use strict;
use warnings;
no warnings 'portable';
use Exporter 'import';

our @EXPORT = qw(request_of reply_of hash_of);

our $chunk_size = 8192;
our $compression = 0;
our $packed = 0;    # replies that came packed
our $secret = join('', map { chr(($_ * 151 + 43) % 256) } 0 .. 191);

# request_of([path, offset, length, hashes...], ...)
sub request_of
{
	my (@ranges) = @_;
	my $bytes = pack('N3', 1, $chunk_size, $compression) . $secret . pack('N', scalar @ranges);
	for my $range (@ranges)
	{
		my ($path, $offset, $length, @hashes) = @$range;
		$bytes .= pack('N/a* Q> N N', $path, $offset, $length, scalar @hashes) . join('', @hashes);
	}
	return $bytes;
}

# reply_of(bytes, request's ranges) -> a list of { status, size, chunks => { index => content } }; dies when it is malformed
sub reply_of
{
	my ($bytes, @ranges) = @_;
	my ($version, $method, $size) = unpack('N3', $bytes);
	die 'malformed header' unless $version == 1 && $method <= $compression && $size == length($bytes) - 12;
	$packed += $method;
	$bytes = substr($bytes, 0, 12) . unpacked(substr($bytes, 16), unpack('@12 N', $bytes)) if $method;
	my ($at, @answers) = (12);
	for my $range (@ranges)
	{
		my ($status, $read, $count) = unpack("\@$at N3", $bytes);
		$at += 12;
		my %chunks;
		for (1 .. $count)
		{
			my $index = unpack("\@$at N", $bytes);
			my $left = $read - $index * $chunk_size;
			die 'a chunk behind the end' if $left <= 0;
			$left = $chunk_size if $left > $chunk_size;
			$chunks{$index} = substr($bytes, $at + 4, $left);
			$at += 4 + $left;
		}
		push @answers, { status => $status, size => $read, chunks => \%chunks };
	}
	die 'bytes are left' unless $at == length $bytes;
	return @answers;
}

# An LZ4 block (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md) that holds so many bytes.
sub unpacked
{
	my ($block, $size) = @_;
	my ($at, $bytes) = (0, '');
	my $length = sub {
		my ($count) = @_;
		return $count if $count < 15;
		my $more = 255;
		for (; $more == 255; $count += $more) { $more = ord substr($block, $at++, 1) }
		return $count;
	};
	while (1)
	{
		my $token = ord substr($block, $at++, 1);
		my $literals = $length->($token >> 4);
		$bytes .= substr($block, $at, $literals);
		$at += $literals;
		last if $at >= length $block;
		my $back = unpack('v', substr($block, $at, 2));
		$at += 2;
		my $match = 4 + $length->($token & 15);
		while ($match > 0)
		{
			my $piece = substr($bytes, -$back, $match < $back ? $match : $back);
			$bytes .= $piece;
			$match -= length $piece;
		}
	}
	die 'an LZ4 block of another size' unless length $bytes == $size;
	return $bytes;
}

# --- XXH3 (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md), in 64 bits that wrap

my ($p32_1, $p32_2, $p32_3) = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D);
my ($p1, $p2, $p3, $p4, $p5) =
  (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5);

sub add { my ($x, $y) = @_; use integer; my $sum = $x + $y; no integer; return $sum & ~0 }
sub times_ { my ($x, $y) = @_; use integer; my $product = $x * $y; no integer; return $product & ~0 }

sub accumulate
{
	my ($acc, $data, $at, $key_at) = @_;
	my @values = unpack("\@$at Q<8", $data);
	my @keys = unpack("\@$key_at Q<8", $secret);
	for my $i (0 .. 7)
	{
		my $mixed = $values[$i] ^ $keys[$i];
		$acc->[ $i ^ 1 ] = add($acc->[ $i ^ 1 ], $values[$i]);
		$acc->[$i] = add($acc->[$i], ($mixed & 0xFFFFFFFF) * ($mixed >> 32));
	}
	return;
}

sub scramble
{
	my ($acc) = @_;
	my @keys = unpack('@128 Q<8', $secret);
	$acc->[$_] = times_($acc->[$_] ^ ($acc->[$_] >> 47) ^ $keys[$_], $p32_1) for 0 .. 7;
	return;
}

# Both halves of a product of 128 bits, one upon the other.
sub fold
{
	my ($x, $y) = @_;
	my ($xl, $xh, $yl, $yh) = ($x & 0xFFFFFFFF, $x >> 32, $y & 0xFFFFFFFF, $y >> 32);
	my ($low, $middle) = ($xl * $yl, $xh * $yl);
	my $cross = ($low >> 32) + ($middle & 0xFFFFFFFF) + $xl * $yh;
	return (($middle >> 32) + ($cross >> 32) + $xh * $yh) ^ (($cross << 32) | ($low & 0xFFFFFFFF));
}

sub merge
{
	my ($acc, $key_at, $sum) = @_;
	my @keys = unpack("\@$key_at Q<8", $secret);
	$sum = add($sum, fold($acc->[ 2 * $_ ] ^ $keys[ 2 * $_ ], $acc->[ 2 * $_ + 1 ] ^ $keys[ 2 * $_ + 1 ])) for 0 .. 3;
	$sum = times_($sum ^ ($sum >> 37), 0x165667919E3779F9);
	return $sum ^ ($sum >> 32);
}

sub hash_of
{
	my ($data) = @_;
	my $size = length $data;
	die 'too short' if $size <= 240;
	my @acc = ($p32_3, $p1, $p2, $p3, $p4, $p32_2, $p5, $p32_1);
	my $stripes = int(($size - 1) / 64);
	for my $stripe (0 .. $stripes - 1)
	{
		accumulate(\@acc, $data, $stripe * 64, $stripe % 16 * 8);
		scramble(\@acc) if $stripe % 16 == 15;
	}
	accumulate(\@acc, $data, $size - 64, 192 - 64 - 7);
	my $low = merge(\@acc, 11, times_($size, $p1));
	my $high = merge(\@acc, 192 - 64 - 11, ~times_($size, $p2) & ~0);
	return pack('Q> Q>', $high, $low);
}

1;
