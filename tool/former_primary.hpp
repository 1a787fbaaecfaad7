// A stopped data directory that is to follow a new primary: where the two parted, and which way back is right.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/timeline.hpp"
#include "tool/control_file.hpp"
#include "tool/link.hpp"

namespace former_primary {

// The new primary, as it tells over SQL.
struct Source {
    std::string system_identifier;
    unsigned timeline = 0;
    std::string position;
    std::string history;      // text of its timeline's history file; empty on timeline 1
    bool checksums = false;
    std::string oldest_wal;   // name of the oldest WAL file without its timeline; empty when it cannot be told
    std::uint64_t segment_size = 0;
};

Source ask(tool::Link& primary);

// The name of the WAL file that holds a position, without its timeline.
std::string segment_of(std::uint64_t position, std::uint64_t size);

// What the directory tells.
struct Local {
    control_file::Control control;
    std::string history;             // text of the history file of its timeline
    unsigned timeline = 0;           // that it wrote last
    bool record_at_fork = false;     // its WAL goes on beyond the fork
    bool settings_changed = false;   // limits or wal_log_hints were changed beyond the fork
};

enum class Way {
    follow,   // nothing was written that the new primary does not have
    rewind,   // with pg_rewind
    refresh,  // only the blocks that differ are fetched: right for every directory of this cluster
};

struct Decision {
    Way way = Way::refresh;
    std::string why;  // a sentence
};

// What the user wants instead of what is decided.
enum class Wish { automatic, rewind, refresh };

// What speaks for a refresh although pg_rewind could be used, and against one.
struct Ground {
    std::uint64_t bytes = 0;   // of the cluster; 0 when it cannot be told
    bool can_refresh = false;  // the new primary has the functions, and the login may use them
};

// A cluster of up to this size is compared sooner than pg_rewind has done its two runs and a recovery.
constexpr std::uint64_t small_cluster = 1ULL << 30;

// The fork; nothing when the directory's timelines are none of the new primary's.
std::optional<timeline::Entry> fork(const Source& source, const Local& local);

// Reads the directory: pg_controldata, the history file, and with pg_waldump what stands at the fork. Throws Failure when
// it cannot be read, or belongs to another cluster.
Local look(world::World& world, const std::string& bin_dir, const std::string& directory, const Source& source);

// Which way is possible at least: one that may be rewound may be refreshed as well.
Decision decide(const Source& source, const Local& local);

// Which way is taken. Throws Failure (refused) for a wish that cannot be.
Decision choose(const Decision& possible, Wish wish, const Ground& ground);

}  // namespace former_primary
