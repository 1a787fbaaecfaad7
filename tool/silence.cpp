#include "tool/silence.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace tool {

namespace {

// So often Patience lets look in 30 seconds at least: where attempts take no time, as in tests, they are counted.
constexpr int most_failures = 45;

std::string reason(const core::Error& error) {
    return error.detail.empty() ? error.message : fmt::format("{}: {}", error.message, error.detail);
}

}  // namespace

void Silence::look() {
    try {
        link_.query_again("SELECT 1");
        failures_ = 0;
        answered_ = std::chrono::steady_clock::now();
    } catch (const core::Error& error) {
        if (++failures_ < most_failures && std::chrono::steady_clock::now() - answered_ < longest) return;
        throw core::Error(core::sqlstate::connection_failure, fmt::format("{} has not answered for {} seconds", link_.purpose(), longest.count()),
                          reason(error), "Start it, or mend the way to it, then run the same command again.");
    }
}

}  // namespace tool
