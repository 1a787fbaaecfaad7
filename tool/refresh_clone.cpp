#include "tool/refresh_clone.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tool/clone_plan.hpp"

namespace refreshing {

namespace {

// All that the standing copy needs outside of the data directory has been claimed by the run that began it.
bool has_its_places(world::World& world, const cloning::Run& run, const target::Marker& before) {
    std::vector<std::string> own;
    for (const std::string& path : cloning::outside_directories(run.options, run.primary)) own.push_back(world.files.canonical(path));
    return target::not_ours(world.files, before, own).empty() &&
           std::all_of(own.begin(), own.end(), [&](const auto& path) { return target::is_claimed(world.files, before, path); });
}

// Nothing but what a clone leaves that was ended while it copied.
bool holds_only_a_copy(world::Files& files, const std::string& directory) {
    const auto names = files.list(directory);
    return std::all_of(names.begin(), names.end(), [](const auto& name) {
        return name.rfind("pg_replica.", 0) == 0 || name == "lost+found";
    });
}

plan::Step step(const SharedRun& run, std::string sentence, void (*action)(world::World&, Run&),
                void (*undo)(world::World&, Run&) = nullptr) {
    const auto bound = [run](auto each) -> std::function<void(world::World&)> {
        if (each == nullptr) return {};
        return [run, each](world::World& world) { each(world, *run); };
    };
    return {std::move(sentence), bound(action), bound(undo), {}};
}

}  // namespace

bool can_go_on(world::World& world, const cloning::Run& run, const Source& source) {
    const target::Found& found = run.host.target;
    if (found.state != target::State::unfinished || found.marker.placed) return false;
    if (!source.has_functions || !source.missing_rights.empty()) return false;
    return found.marker.system_identifier == run.primary.system_identifier &&
           target::holds_something(world.files, target::partial_path(run.options.directory)) &&
           holds_only_a_copy(world.files, run.options.directory) && has_its_places(world, run, found.marker);
}

void lay_out_staging(world::World& world, Run& run) {
    // the list after the beginning of the backup; without pg_control it is no cluster until the end
    world.files.remove(run.path("global/pg_control"));
    lay_out(world, run);
}

// As pg_basebackup leaves it: all on disk, and no server starts on it as a primary.
void make_copy_of_it(world::World& world, Run& run) {
    world.files.write(run.path("backup_label"), run.backup_label, run.file_mode());
    world.files.write(run.path("standby.signal"), "", 0600);
    sync_everything(world, run);
    world.files.write(run.path("global/pg_control"), run.pg_control, run.file_mode());
}

plan::Plan make_continuing_plan(const cloning::SharedRun& clone) {
    const auto run = std::make_shared<Run>();
    run->base = clone;
    run->staging = target::partial_path(clone->options.directory);
    plan::Plan plan;
    cloning::append_beginning(plan, clone);
    plan.push_back(step(run, fmt::format("Begin a backup on the primary ({} checkpoint)", clone->options.checkpoint), begin_backup,
                        abandon_backup));
    plan.push_back(step(run, "Remove from the copy what the primary does not have, and make its directories", lay_out_staging));
    plan.push_back(step(run, fmt::format("Compare every block of the copy with the primary's and fetch what is missing or differs ({} "
                                         "connections)", run->connections), compare));
    plan.push_back(step(run, "End the backup", end_backup));
    plan.push_back(step(run, "Bring everything to disk and add backup_label and pg_control", make_copy_of_it));
    cloning::append_end(plan, clone);
    return plan;
}

}  // namespace refreshing
