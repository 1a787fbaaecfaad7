// One run of switchover, on the primary's host: its steps, and what they share. What a rejoin does as well (configuration,
// start, proof) is done by its own steps on the same facts.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tool/plan.hpp"
#include "tool/rejoin_run.hpp"
#include "tool/switching_facts.hpp"
#include "tool/switching_marker.hpp"

namespace switching {

struct Run {
    Run(rejoin::SharedRun base, Facts facts) : base(std::move(base)), facts(std::move(facts)) {}

    rejoin::SharedRun base;  // the old primary as the standby that it becomes; its link leads to the other server
    Facts facts;
    std::unique_ptr<tool::Link> primary = {};  // to the old primary while it is one; none when an earlier run has stopped it
    Marker marker;
    bool begun = false;  // an earlier run has fenced the old primary, and maybe stopped it

    std::unique_ptr<promotion::Run> promotion = {};
    bool fenced = false, stopping = false;
    bool stays = false;  // it could not be made sure that there is no other primary: the old one stays fenced
    std::vector<std::string> slots_made;  // for the other standbys
    std::chrono::steady_clock::time_point stopped_at{};
    std::chrono::milliseconds without_writes{0};

    cloning::Run& standby() { return *base->standby; }
    const std::string& directory() const { return base->directory(); }
    // Undoing anything would make a second primary, or might.
    bool no_way_back() const { return marker.promoting || stays; }
};

using SharedRun = std::shared_ptr<Run>;

plan::Plan make_plan(const SharedRun& run);

// Which server takes writes, now that a run has failed; a sentence.
std::string who_is_primary(const Run& run);

// The command that goes on.
std::string same_command(const Run& run);

// The steps; switching_plan.cpp says why they stand in that order.
void wait_for_role(world::World& world, Run& run);
void create_slot(world::World& world, Run& run);
void drop_slot(world::World& world, Run& run);
void serve_others(world::World& world, Run& run);
void forget_others(world::World& world, Run& run);
void catch_up(world::World& world, Run& run);
void fence(world::World& world, Run& run);
void unfence(world::World& world, Run& run);
void stop(world::World& world, Run& run);
void start_again(world::World& world, Run& run);
void wait_for_end(world::World& world, Run& run);
void promote(world::World& world, Run& run);

// Makes a stopped, fenced directory the primary's again, after asking that the other server is a standby still. Throws
// core::Error, and has changed nothing, when that cannot be made sure.
void take_back(world::World& world, Run& run);

}  // namespace switching
