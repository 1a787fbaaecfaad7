#include "tool/render/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace render {

namespace {

constexpr int bar_width = 20;

std::string bar(double share) {
    const int filled = static_cast<int>(share * bar_width);
    return std::string(filled, '#') + std::string(bar_width - filled, '.');
}

std::string duration(double seconds) {
    const auto whole = static_cast<long>(seconds + 0.5);
    if (whole < 60) return fmt::format("{} s", whole);
    if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
    return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace

std::string bytes(std::uint64_t count) {
    static constexpr std::array<const char*, 6> units = {"bytes", "kB", "MB", "GB", "TB", "PB"};
    if (count < 1024) return fmt::format("{} bytes", count);
    auto value = static_cast<double>(count);
    std::size_t unit = 0;
    while (value >= 1024 && unit + 1 < units.size()) {
        value /= 1024;
        ++unit;
    }
    return fmt::format("{:.1f} {}", value, units[unit]);
}

std::string progress(const Progress& progress, double seconds) {
    if (progress.done == 0) return fmt::format("{}  {}", progress.phase, duration(seconds));
    const double rate = seconds > 0.2 ? static_cast<double>(progress.done) / seconds : 0;
    const std::string speed = rate > 0 ? fmt::format("  {}/s", bytes(static_cast<std::uint64_t>(rate))) : "";
    if (progress.total == 0) return fmt::format("{}  {}{}", progress.phase, bytes(progress.done), speed);
    // the estimate is made before the copy; while the database grows the copy may pass it
    const std::uint64_t total = std::max(progress.total, progress.done);
    const double share = static_cast<double>(progress.done) / static_cast<double>(total);
    const std::string left =
        rate > 0 ? fmt::format("  {} left", duration(static_cast<double>(total - progress.done) / rate)) : "";
    return fmt::format("{}  [{}] {:3.0f}%  {} of {}{}{}", progress.phase, bar(share), share * 100,
                       bytes(progress.done), bytes(total), speed, left);
}

}  // namespace render
