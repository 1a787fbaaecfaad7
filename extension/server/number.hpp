// Numbers in the texts that queries return.
#pragma once

#include <cstdint>
#include <cstdlib>

#include "extension/server/function.hpp"

namespace pg {

// A number with a fraction (numeric, double precision); nothing for NULL. LC_NUMERIC is C in every server process.
inline std::optional<double> real(const Value& value) {
    if (!value) return std::nullopt;
    return std::strtod(value->c_str(), nullptr);
}

// A whole number (int2 to int8); nothing for NULL.
inline std::optional<std::int64_t> whole(const Value& value) {
    if (!value) return std::nullopt;
    return std::strtoll(value->c_str(), nullptr, 10);
}

}  // namespace pg
