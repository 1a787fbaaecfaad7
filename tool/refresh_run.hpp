// One run of refresh: what its steps share and record.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tool/clone_run.hpp"
#include "tool/refresh_compare.hpp"
#include "tool/refresh_former.hpp"
#include "tool/refresh_kept.hpp"
#include "tool/refresh_list.hpp"
#include "tool/refresh_marker.hpp"
#include "tool/refresh_packing.hpp"

namespace refreshing {

struct Run {
    cloning::SharedRun base;  // options, the primary, the login, and the steps that refresh shares with clone
    Former former;
    bool of_rejoin = false;  // it was a primary: the signal file comes before anything else, and stays
    std::string staging;  // where an interrupted clone goes on instead of in the data directory; empty: it is none
    int connections = 2;
    Packing::Wish packing = Packing::Wish::automatic;

    Kept kept;
    Marker marker;
    bool resumed = false;   // the mark of an earlier run was there
    bool guarded = false;   // the lock file and the mark are this run's
    bool parked = false;    // this run has put pg_control aside
    bool touched = false;   // the old content is no cluster any more
    bool live = false;      // the new pg_control is in place
    std::unique_ptr<world::Session> control;  // holds the backup open
    List list;
    std::string pg_control, backup_label;
    Tally tally;

    const std::string& directory() const { return staging.empty() ? base->options.directory : staging; }
    std::string path(const std::string& below) const { return directory() + "/" + below; }
    unsigned file_mode() const { return base->primary.group_access ? 0640 : 0600; }
    unsigned directory_mode() const { return base->primary.group_access ? 0750 : 0700; }
};

using SharedRun = std::shared_ptr<Run>;

// The steps, in the order in which refresh_plan.cpp puts them together.
void guard(world::World& world, Run& run);
void release(world::World& world, Run& run);
void reserve_slot(world::World& world, Run& run);
void give_slot_back(world::World& world, Run& run);
void begin_backup(world::World& world, Run& run);
void abandon_backup(world::World& world, Run& run);
void park_control(world::World& world, Run& run);
void lay_out(world::World& world, Run& run);
void compare(world::World& world, Run& run);
void end_backup(world::World& world, Run& run);
void configure(world::World& world, Run& run);
void sync_everything(world::World& world, Run& run);
void go_live(world::World& world, Run& run);
void unmark(world::World& world, Run& run);

// A session like the one that the user has opened to the primary.
std::unique_ptr<world::Session> connect_again(world::World& world, Run& run);

// Compares and writes nothing: what would be sent.
void rehearse(world::World& world, Run& run);

}  // namespace refreshing
