// Positions in the write-ahead log. Input: a text, whose first eight bytes are also taken for a position.
#include <cstdint>
#include <cstring>

#include "core/lsn.hpp"
#include "fuzz/target.hpp"

namespace fuzz {

void lsn_position(std::string_view bytes) {
    if (const auto position = lsn::parse(bytes))
        holds(lsn::parse(lsn::format(*position)) == *position, "a position is read back");
    std::uint64_t position = 0;
    std::memcpy(&position, bytes.data(), std::min(bytes.size(), sizeof position));
    holds(lsn::parse(lsn::format(position)) == position, "any position is");
}

}  // namespace fuzz
