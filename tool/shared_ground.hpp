// What the primary and this host have to agree on without anybody having set it: the C library that text is sorted by, and
// the time; and what a physical copy cannot bring along.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tool/icu.hpp"
#include "tool/link.hpp"

namespace shared_ground {

// What the primary finds wrong with itself, in the words of replica.check().
struct Remark {
    bool error = false;
    std::string detail, hint;
};

struct Facts {
    std::string libc_version;    // the primary's, as its collations record it; empty: it cannot be told, or nothing is sorted by it
    int libc_indexes = 0;        // of the connected database, on text that the C library sorts
    std::vector<icu::Locale> icu_locales;  // of indexes of the connected database, at most 20
    int unlogged_tables = 0;     // of the connected database, temporary ones left out
    std::string some_unlogged;   // up to five of their names
    std::vector<Remark> remarks; // on files that it cannot read, and on the room for WAL that waits for standbys
    std::optional<double> ahead; // seconds that the primary's clock is ahead of this host's, within what the answer took
};

// Only reads; remarks are for a primary with the extension, and a login that may call check(). See pg_collation_actual_version in "Database Object Management Functions".
Facts gather(tool::Link& primary);

// The seconds by which server is certainly ahead of (or, negative, behind) a clock that read before when the question left
// and after when the answer was there: 0 when it may lie between.
double certainly_ahead(double server, double before, double after);

}  // namespace shared_ground
