#include "tool/refresh_packing.hpp"

#include <fmt/format.h>

#include "tool/failure.hpp"

namespace refreshing {

namespace {

constexpr std::size_t enough_to_tell = 1 << 20;
// About what one core packs and another one unpacks in a second. A faster link would wait for it.
constexpr double as_fast_as_lz4 = 400.0 * (1 << 20);

}  // namespace

void Packing::saw(std::size_t bytes, std::chrono::duration<double> waited) {
    if (wish_ != Wish::automatic) return;
    bytes_ += bytes;
    waited_ += waited;
    if (bytes_ < enough_to_tell) return;
    if (static_cast<double>(bytes_) < as_fast_as_lz4 * waited_.count()) method_ = refresh::Compression::lz4;
    wish_ = Wish::none;  // decided
}

Packing::Wish packing_wish(const std::string& word) {
    if (word == "auto") return Packing::Wish::automatic;
    if (word == "none") return Packing::Wish::none;
    if (word == "lz4") return Packing::Wish::lz4;
    throw Failure(ExitCode::usage, fmt::format("no compression \"{}\" for a refresh", word), {}, "Give --compress auto, none or lz4.");
}

}  // namespace refreshing
