// Positions in the write-ahead log, as pg_lsn prints them (datatype-pg-lsn).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lsn {

// "16/B374D848" -> bytes since the start of the log; nothing when the text is not an LSN.
std::optional<std::uint64_t> parse(std::string_view text);

// The inverse of parse: upper-case hexadecimal without leading zeros, as the server writes it.
std::string format(std::uint64_t position);

}  // namespace lsn
