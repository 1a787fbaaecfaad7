// The data directory as the server's user sees it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace directory {

struct Survey {
    std::int64_t files = 0;                // looked at
    bool complete = true;                  // false: stopped, as it took too long
    std::int64_t unreadable_files = 0;     // what a copy fails on
    std::int64_t foreign_files = 0;        // below its folders: of another user, and not to be written
    std::vector<std::string> unreadable;   // the first few, from the data directory
    std::vector<std::string> foreign;
};

// Walks the data directory with its tablespaces and WAL, leaving out what a base backup leaves out. Files that the
// server did not make itself come first. Interruptible; ends after a number of seconds.
Survey survey(double seconds);

}  // namespace directory
