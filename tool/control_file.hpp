// What pg_controldata tells of a data directory whose server does not run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tool/world.hpp"

namespace control_file {

struct Control {
    std::string system_identifier, state;
    unsigned timeline = 0;         // of the latest checkpoint
    std::uint64_t checkpoint = 0;  // position of the latest checkpoint's record
    std::uint64_t redo = 0;        // where recovery would begin
    std::uint64_t minimum = 0;     // recovery must reach it; 0 but on standbys
    unsigned minimum_timeline = 0;  // that it is on: the checkpoint's, or a later one that replay has gone on to
    bool hints_logged = false;     // wal_log_hints when the server last ran
    bool checksums = false;

    bool was_standby() const { return state == "in archive recovery" || state == "shut down in recovery"; }
    bool was_clean() const { return state == "shut down" || state == "shut down in recovery"; }
    // Of all checkpoints those of a shutdown only begin where they are: nothing else can have been written meanwhile.
    bool last_is_of_a_shutdown() const { return checkpoint != 0 && checkpoint == redo; }
};

// The output of pg_controldata (with LC_ALL=C); nothing when it is not that.
std::optional<Control> parse(const std::string& output);

// Runs pg_controldata of bin_dir; nothing when it fails.
std::optional<Control> read(world::World& world, const std::string& bin_dir, const std::string& directory);

}  // namespace control_file
