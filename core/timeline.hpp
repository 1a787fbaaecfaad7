// Timeline histories: which timelines a server's WAL went through, and where another server's WAL left that path
// (continuous-archiving, "Timelines"; the format is that of NNNNNNNN.history).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace timeline {

// A timeline and the position at which it was left for the next one.
struct Entry {
    unsigned number = 0;
    std::uint64_t end = 0;
    bool operator==(const Entry&) const = default;
};

inline constexpr std::uint64_t not_left = UINT64_MAX;

// The path to timeline last, which is not left yet: the lines of its history file, oldest first, and itself.
// Nothing when the text is no history file. A first timeline has no file: give an empty text.
std::optional<std::vector<Entry>> path(std::string_view history, unsigned last);

// The last timeline that both paths go through, and the position up to which their WAL is the same; end is not_left
// when both are still on it. Nothing when they share none.
std::optional<Entry> fork(const std::vector<Entry>& one, const std::vector<Entry>& other);

}  // namespace timeline
