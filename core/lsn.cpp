#include "core/lsn.hpp"

#include <fmt/format.h>

#include <charconv>

namespace lsn {

namespace {

std::optional<std::uint32_t> parse_half(std::string_view text) {
    if (text.empty() || text.size() > 8) return std::nullopt;
    std::uint32_t value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::optional<std::uint64_t> parse(std::string_view text) {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto high = parse_half(text.substr(0, slash));
    const auto low = parse_half(text.substr(slash + 1));
    if (!high || !low) return std::nullopt;
    return (static_cast<std::uint64_t>(*high) << 32) | *low;
}

std::string format(std::uint64_t position) {
    return fmt::format("{:X}/{:X}", position >> 32, position & 0xFFFFFFFFU);
}

}  // namespace lsn
