// Blocks of relations as they lie on disk (storage-page-layout), and their checksums.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pg::page {

// Bytes of a block, and blocks of a segment file.
std::size_t size();
std::uint32_t per_segment();

// True when every block on disk has a checksum (data_checksums).
bool checksums_enabled();

// True for a block whose checksum is right, and for one that was never written. block counts from the start of the
// relation, not of the file. The page must be aligned as malloc does, and is as it was afterwards.
bool is_intact(char* page, std::uint32_t block);

// True for a block that was changed after the last checkpoint began: replay of the WAL from there writes it anew, whatever
// it holds.
bool is_replayed(char* page);

}  // namespace pg::page
