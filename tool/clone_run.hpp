// One run of clone: what its steps share and record, so that undo follows facts and not assumptions.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tool/clone_options.hpp"
#include "tool/link.hpp"
#include "tool/preflight.hpp"
#include "tool/preparation.hpp"
#include "tool/primary_facts.hpp"
#include "tool/proof.hpp"
#include "tool/server.hpp"
#include "tool/standby_config.hpp"
#include "tool/target.hpp"

namespace cloning {

struct Run {
    Run(Options options, PrimaryFacts primary, HostFacts host, tool::Link& link)
        : options(std::move(options)), primary(std::move(primary)), host(std::move(host)), link(link) {}

    Options options;
    PrimaryFacts primary;
    HostFacts host;
    tool::Link& link;     // to the primary, with --from-standby to the standby that is the source, for SQL
    std::unique_ptr<tool::Link> above = {};  // with --from-standby: to the primary
    std::string bin_dir;  // of PostgreSQL's programs
    compression::Choice compression{compression::none, ""};

    std::shared_ptr<preparation::Preparation> preparation;  // with --prepare
    std::string application_name;
    target::Marker marker;
    std::function<void(world::World&)> save_marker;  // where it is not the mark of an unfinished clone
    standby_config::Upstream upstream;           // known once the replication login has succeeded
    bool marks_target = true;                    // the directory is a copy in the making, and may be wiped
    bool claimed = false;                        // the marker of this run is in the directory
    bool goes_on = false;                        // with the copy that an interrupted run has left
    std::vector<std::string> files_in_config_dir;
    bool made_config_dir = false;
    bool started = false;
    std::unique_ptr<world::Session> standby;
    proof::Streaming streaming;
    std::chrono::milliseconds marker_time{0};

    std::chrono::seconds patience() const { return std::chrono::seconds(options.timeout); }
    proof::Pair pair() { return {link.session(), *standby, application_name, options.slot}; }
    proof::Pair marker_pair() {
        return {above ? above->session() : link.session(), *standby, application_name, above ? "" : options.slot};
    }
    server::Launch launch() const;
};

using SharedRun = std::shared_ptr<Run>;

// The steps, in the order in which clone_plan.cpp puts them together; each header comment there says why.
void resume(world::World& world, Run& run);
void claim(world::World& world, Run& run);
void release_all(world::World& world, Run& run);
void log_in_for_replication(world::World& world, Run& run);
void create_slot(world::World& world, Run& run);
void drop_slot(world::World& world, Run& run);
void copy(world::World& world, Run& run);
void verify_copy(world::World& world, Run& run);
void configure(world::World& world, Run& run);
void remove_configuration(world::World& world, Run& run);
void put_in_place(world::World& world, Run& run);
void check_configuration(world::World& world, Run& run);
// Throws core::Error when the slot does not hold the WAL that the standby needs any more.
void check_wal_is_there(Run& run);
void start(world::World& world, Run& run);
void stop(world::World& world, Run& run);
void see_streaming(world::World& world, Run& run);
void see_marker(world::World& world, Run& run);
void finish(world::World& world, Run& run);

// A session with the standby's server as the role that is connected to the primary: over the Unix-domain socket, or
// over TCP where the socket's rule wants another kind of login. Throws Failure.
std::unique_ptr<world::Session> connect_standby(world::World& world, Run& run, const server::Running& running);

// The directory holds a running standby of this primary that uses the asked slot: nothing is left to be made. Its
// session is then in run.standby.
bool is_there_already(world::World& world, Run& run);

}  // namespace cloning
