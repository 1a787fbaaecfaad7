// The checksum that PostgreSQL keeps in each block (src/include/storage/checksum_impl.h: 32 sums of FNV-1a side by side),
// with the instructions that this processor has: as fast as the block comes from memory.
#pragma once

#include <cstddef>
#include <cstdint>

namespace page_checksum {

// Where in a block its checksum is stored, in the byte order of the machine.
inline constexpr std::size_t place = 8;

// The checksum that a block of size bytes, a multiple of 128, should have; what is stored in it counts as 0. number
// counts from the start of the relation.
std::uint16_t compute(const char* block, std::size_t size, std::uint32_t number);

// The one that it has.
std::uint16_t stored(const char* block);

}  // namespace page_checksum
