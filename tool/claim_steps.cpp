// The steps of clone that take the directories and give them back.
#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "tool/clone_run.hpp"

namespace cloning {

namespace {

unsigned data_mode(const Run& run) { return run.primary.group_access ? 0750 : 0700; }

[[noreturn]] void throw_filled(const std::string& directory) {
    throw core::Error(core::sqlstate::object_in_use, fmt::format("\"{}\" is not empty any more", directory),
                      "Something was written to it since the check.", "Choose another directory with -D.");
}

void check_free(world::World& world, const Run& run) {
    const auto found = target::inspect(world.files, run.options.directory);
    if (found.state == run.host.target.state || found.state == target::State::empty) return;
    throw_filled(run.options.directory);
}

void lock(world::World& world, const std::string& directory) {
    if (world.files.lock_directory(directory)) return;
    throw core::Error(core::sqlstate::object_in_use, fmt::format("another pg_replica works on \"{}\"", directory), {},
                      "Wait until it has ended.");
}

bool contains(const std::vector<std::string>& texts, const std::string& text) {
    return std::find(texts.begin(), texts.end(), text) != texts.end();
}

void update_marker(world::World& world, Run& run) { target::write_marker(world.files, run.options.directory, run.marker); }

// By their real paths: what is recorded and emptied is never a link.
std::vector<std::string> own_outside(world::World& world, const Run& run) {
    std::vector<std::string> paths = outside_directories(run.options, run.primary);
    for (std::string& path : paths) path = world.files.canonical(path);
    return paths;
}

// A mark may name only what this command would fill itself: anything else stays, and the user decides.
void clear_unfinished(world::World& world, Run& run) {
    const std::string& directory = run.options.directory;
    const target::Marker before = target::inspect(world.files, directory).marker;
    const auto own = own_outside(world, run);
    const auto foreign = target::not_ours(world.files, before, own);
    if (!foreign.empty())
        throw core::Error(core::sqlstate::object_in_use,
                          fmt::format("\"{}\" is not what this clone would fill, and is not emptied", foreign.front()),
                          fmt::format("The unfinished clone in \"{}\" names it, but the command names another directory, "
                                      "or another one took its place.", directory),
                          "Empty it yourself when nothing in it is needed, then run the same command again.");
    run.claimed = true;
    server::stop(world, directory);
    run.marker.outside = before.outside;
    run.marker.made_outside = before.made_outside;
    std::erase_if(run.marker.outside, [&](const auto& each) { return !contains(own, each.path); });
    std::erase_if(run.marker.made_outside, [&](const auto& path) { return !contains(own, path); });
    target::wipe(world.files, directory, run.marker);
    run.marker.outside.clear();
    run.marker.made_outside.clear();
}

// What this run goes on with stays named in the mark all the time.
void keep_unfinished(world::World& world, Run& run) {
    const target::Marker before = target::inspect(world.files, run.options.directory).marker;
    run.marker.outside = before.outside;
    run.marker.made_outside = before.made_outside;
    world.reporter.fact("what it has copied is kept, and only what is missing or differs will come");
}

// Two clones may share no directory: the second would find it filled, fail, and then empty it as its own. The marker
// names only what this run has made or locked.
void claim_outside(world::World& world, Run& run, bool resumed) {
    const target::Marker before = run.host.target.marker;
    for (const std::string& path : own_outside(world, run)) {
        if (run.goes_on && target::is_claimed(world.files, run.marker, path)) {
            lock(world, path);
            continue;
        }
        const bool missing = world.files.kind(path) == world::Kind::missing;
        if (missing) world.files.make_directory(path, data_mode(run));
        if (missing || (resumed && contains(before.made_outside, path))) run.marker.made_outside.push_back(path);
        update_marker(world, run);
        const std::string identity = world.files.identity(path);
        lock(world, path);
        if (target::holds_something(world.files, path) || identity.empty() || world.files.identity(path) != identity)
            throw core::Error(core::sqlstate::object_in_use, fmt::format("\"{}\" is not empty any more", path),
                              "Something was written to it since the check.", "Choose another directory.");
        run.marker.outside.push_back({path, identity});
        update_marker(world, run);
    }
}

// What an unfinished clone made on the primary is this run's to undo, and what this run makes is marked for the next.
void share_facts(world::World& world, Run& run, bool resumed) {
    const auto& before = run.host.target.marker;
    auto& preparation = *run.preparation;
    preparation.role_created = resumed && before.role == preparation.role && !before.role.empty();
    preparation.admission_added = resumed && before.admitted;
    preparation.on_change = [&world, &run] {
        run.marker.role = run.preparation->role_created ? run.preparation->role : "";
        run.marker.admitted = run.preparation->admission_added;
        update_marker(world, run);
    };
    run.marker.role = preparation.role_created ? preparation.role : "";
    run.marker.admitted = preparation.admission_added;
}

}  // namespace

void resume(world::World& world, Run& run) {
    lock(world, run.options.directory);
    const auto found = target::inspect(world.files, run.options.directory);
    if (found.state == target::State::unfinished && found.marker.placed) return;
    throw core::Error(core::sqlstate::object_in_use, fmt::format("\"{}\" has changed since the check", run.options.directory),
                      "Another run has finished or cleared it.", "Run the same command again.");
}

void claim(world::World& world, Run& run) {
    const std::string& directory = run.options.directory;
    const bool resumed = run.host.target.state == target::State::unfinished;
    const bool missing = run.host.target.state == target::State::missing;
    if (missing) world.files.make_directory(directory, data_mode(run));
    lock(world, directory);
    run.marker.made_directory = missing || (resumed && run.host.target.marker.made_directory);
    check_free(world, run);
    if (run.goes_on) keep_unfinished(world, run);
    else if (resumed) clear_unfinished(world, run);
    run.claimed = true;
    world.files.set_mode(directory, data_mode(run));
    // until now others may have had the right to write to it
    if (!run.goes_on && target::holds_something(world.files, directory)) throw_filled(directory);
    run.marker.slot = run.options.slot;
    const bool same_primary = resumed && run.host.target.marker.system_identifier == run.primary.system_identifier;
    run.marker.slot_created = same_primary && run.host.target.marker.slot_created;
    run.marker.system_identifier = run.primary.system_identifier;
    if (run.preparation) share_facts(world, run, same_primary);
    update_marker(world, run);
    claim_outside(world, run, resumed);
}

void release_all(world::World& world, Run& run) {
    const std::string& directory = run.options.directory;
    // what an earlier run has copied is not this run's to remove
    if (run.goes_on)
        throw core::Error(core::sqlstate::object_not_in_prerequisite_state, "what has been copied stays for the same command to go on with");
    std::vector<std::string> left;
    if (run.claimed) left = target::wipe(world.files, directory, run.marker);
    for (const std::string& path : left)
        world.reporter.warning(fmt::format("\"{}\" is not the directory any more that the clone filled; what it holds "
                                           "was left as it is", path));
    if (run.marker.slot_created) {
        // the slot could not be dropped: the mark stays, so that the next run knows it as its own
        run.marker.placed = false;
        return update_marker(world, run);
    }
    if (run.marker.made_directory && (run.claimed || world.files.list(directory).empty())) world.files.remove(directory);
}

}  // namespace cloning
