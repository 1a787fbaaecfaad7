// Checksums of what a refresh reads, as pg_basebackup verifies them: a damaged block is not passed on.
#pragma once

#include <cstdint>
#include <string>

#include "core/refresh_path.hpp"
#include "extension/server/data_directory.hpp"

namespace refreshing {

class Verifier {
 public:
    explicit Verifier(const refresh::Layout& layout);

    // Verifies the whole blocks among the size bytes that were read from offset of a file. A block that does not hold may
    // just have been written: it is read again, into its place. Throws core::Error (XX001), which names file and block.
    void verify(const std::string& path, const data_directory::File& file, char* content, std::size_t size,
                std::uint64_t offset) const;

 private:
    const refresh::Layout& layout_;
    const bool enabled_;
};

}  // namespace refreshing
