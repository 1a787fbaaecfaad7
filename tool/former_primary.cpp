#include "tool/former_primary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "core/lsn.hpp"
#include "core/name.hpp"
#include "tool/failure.hpp"

namespace former_primary {

namespace {

std::string history_name(unsigned timeline) { return fmt::format("{:08X}.history", timeline); }

std::vector<timeline::Entry> path_of(const std::string& history, unsigned last) {
    const auto path = timeline::path(history, last);
    if (path) return *path;
    throw refused(fmt::format("the history of timeline {} cannot be read", last), "Its text is no timeline history.",
                  "Make a new standby with pg_replica clone.");
}

std::string history_path(const std::string& directory, unsigned timeline) {
    return directory + "/pg_wal/" + history_name(timeline);
}

// Replay goes on to a new timeline, and a restartpoint notes it in the checkpoint's only later.
unsigned replayed_timeline(world::World& world, const std::string& directory, const control_file::Control& control) {
    const bool known = world.files.kind(history_path(directory, control.minimum_timeline)) == world::Kind::file;
    return known ? std::max(control.timeline, control.minimum_timeline) : control.timeline;
}

// A promotion that crashed before its first checkpoint has left a history file only.
unsigned last_timeline(world::World& world, const std::string& directory, const control_file::Control& control) {
    unsigned last = control.timeline;
    if (control.was_standby()) return replayed_timeline(world, directory, control);
    if (control.was_clean()) return last;
    for (const std::string& name : world.files.list(directory + "/pg_wal")) {
        if (name.size() != 16 || name.substr(8) != ".history") continue;
        last = std::max(last, static_cast<unsigned>(std::strtoul(name.substr(0, 8).c_str(), nullptr, 16)));
    }
    return last;
}

// The first and the last WAL file of the fork's timeline from the fork on; none when there is none.
std::vector<std::string> files_since(world::World& world, const std::string& directory, const timeline::Entry& fork,
                                     std::uint64_t segment_size) {
    const std::string tli = fmt::format("{:08X}", fork.number), first = tli + segment_of(fork.end, segment_size);
    std::string last;
    for (const std::string& name : world.files.list(directory + "/pg_wal"))
        if (name.size() == first.size() && name.substr(0, 8) == tli && name >= first) last = std::max(last, name);
    if (last.empty() || world.files.kind(directory + "/pg_wal/" + first) != world::Kind::file) return {};
    return {first, last};
}

// Where no record stands it says so, in its own words; a program that was ended, or is silent where it has to speak, has
// not answered. The files are named to it: left alone it reads the size of segments from any file of pg_wal, and takes one that
// was made beforehand and is still empty for an error, as if no record stood at the fork.
std::string waldump(world::World& world, const std::string& bin_dir, const std::string& directory,
                    const timeline::Entry& fork, const std::vector<std::string>& more, const std::vector<std::string>& files) {
    std::vector<std::string> argv{bin_dir + "/pg_waldump", "-p", directory + "/pg_wal", "-t",
                                  std::to_string(fork.number), "-s", lsn::format(fork.end)};
    argv.insert(argv.end(), more.begin(), more.end());
    argv.insert(argv.end(), files.begin(), files.end());
    const world::Outcome outcome = world.processes.run({argv, {}});
    const bool has_to_speak = more.front() == "-n";
    if (outcome.status <= 1 && !(has_to_speak && outcome.output.empty())) return outcome.output;
    throw refused(fmt::format("the WAL of \"{}\" cannot be read", directory),
                  fmt::format("pg_waldump ended with status {} and said: {}", outcome.status, outcome.output),
                  "Run the same command again; if that does not help, make a new standby with pg_replica clone.");
}

// hints that were not logged beyond the fork cannot be found by pg_rewind
bool can_be_rewound(const Source& source, const Local& local) {
    const bool checksums = local.control.checksums && source.checksums;
    return checksums || (local.control.hints_logged && !local.settings_changed);
}

bool has_wal_since(const Source& source, std::uint64_t position) {
    if (source.oldest_wal.empty() || source.segment_size == 0) return true;  // it could not be told: the start will
    return source.oldest_wal <= segment_of(position, source.segment_size);
}

bool went_beyond(const Local& local, const timeline::Entry& fork) {
    if (local.timeline != fork.number) return true;
    return local.control.checkpoint >= fork.end || local.control.minimum > fork.end || local.record_at_fork;
}

Decision on_one_timeline(const Source& source, const Local& local) {
    if (local.control.was_standby())
        return {Way::follow, fmt::format("it is a standby on timeline {}, which the primary writes", source.timeline)};
    return {Way::refresh, fmt::format("both wrote as primaries on timeline {}: no history tells where they parted",
                                   source.timeline)};
}

Decision way_back(const Source& source, const Local& local, const timeline::Entry& fork) {
    const std::string place = fmt::format("the fork of timeline {} at {}", fork.number, lsn::format(fork.end));
    if (went_beyond(local, fork)) {
        // pg_rewind takes equal numbers for one timeline, and does nothing
        if (local.timeline == source.timeline)
            return {Way::refresh, fmt::format("both began a timeline {} of their own after {}", local.timeline, place)};
        // what replay comes to after the fork is asked of the new primary
        if (!has_wal_since(source, fork.end))
            return {Way::refresh, fmt::format("it wrote beyond {}, and the new primary does not have the WAL since then any more", place)};
        if (can_be_rewound(source, local))
            return {Way::rewind, fmt::format("it wrote beyond {}, and {}", place,
                                             local.control.checksums ? "data checksums are on" : "hint bits were logged")};
        return {Way::refresh, fmt::format("it wrote beyond {}, and pg_rewind would miss changed pages: data checksums are not on "
                                       "on both servers, and wal_log_hints was not on for all of that time", place)};
    }
    // a primary has all that its standby ever got; another standby may have less
    const std::uint64_t needed =
        local.control.was_standby() ? std::max(local.control.minimum, local.control.checkpoint) : fork.end;
    if (has_wal_since(source, needed))
        return {Way::follow, fmt::format("it never wrote beyond {}", place)};
    return {Way::refresh, fmt::format("it never wrote beyond {}, but the new primary does not have the WAL since {} any more",
                                   place, lsn::format(needed))};
}

}  // namespace

std::string segment_of(std::uint64_t position, std::uint64_t size) {
    const std::uint64_t number = position / size, in_file = 0x100000000ULL / size;
    return fmt::format("{:08X}{:08X}", number / in_file, number % in_file);
}

Source ask(tool::Link& primary) {
    const world::Rows rows = primary.query(
        "SELECT (SELECT system_identifier FROM pg_control_system()) AS system_identifier, pg_current_wal_lsn() AS position, "
        "('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer AS timeline, "
        "current_setting('data_checksums') = 'on' AS checksums, pg_size_bytes(current_setting('wal_segment_size')) AS size");
    Source source;
    source.system_identifier = rows.at(0, "system_identifier").value_or("");
    source.position = rows.at(0, "position").value_or("");
    source.timeline = static_cast<unsigned>(tool::number(rows.at(0, "timeline")));
    source.checksums = rows.at(0, "checksums") == "t";
    source.segment_size = tool::bytes(rows.at(0, "size"));
    try {
        if (source.timeline > 1)
            source.history = primary.value("SELECT pg_read_file($1)", {"pg_wal/" + history_name(source.timeline)}).value_or("");
        source.oldest_wal =
            primary.value("SELECT min(substr(name, 9)) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'").value_or("");
    } catch (const core::Error& error) {
        throw refused("the new primary does not let this login read its timeline history", error.message,
                      "Log in as a superuser with -U.");
    }
    return source;
}

std::optional<timeline::Entry> fork(const Source& source, const Local& local) {
    return timeline::fork(path_of(local.history, local.timeline), path_of(source.history, source.timeline));
}

Local look(world::World& world, const std::string& bin_dir, const std::string& directory, const Source& source) {
    const auto control = control_file::read(world, bin_dir, directory);
    if (!control)
        throw refused(fmt::format("the control file of \"{}\" cannot be read", directory), "pg_controldata failed on it.",
                      "Make a new standby with pg_replica clone.");
    if (control->system_identifier != source.system_identifier)
        throw refused(fmt::format("\"{}\" belongs to another cluster than the new primary", directory),
                      fmt::format("The system identifiers are {} and {}.", control->system_identifier,
                                  source.system_identifier),
                      "Check -D, -h and -p.");
    Local local;
    local.control = *control;
    local.timeline = last_timeline(world, directory, *control);
    const std::string history = history_path(directory, local.timeline);
    if (local.timeline > 1 && world.files.kind(history) == world::Kind::file) local.history = world.files.read(history);
    const auto parted = fork(source, local);
    if (!parted || parted->end == timeline::not_left) return local;
    const std::vector<std::string> files = files_since(world, directory, *parted, source.segment_size);
    if (files.empty()) return local;
    local.record_at_fork = waldump(world, bin_dir, directory, *parted, {"-n", "1"}, files).find("lsn: ") != std::string::npos;
    local.settings_changed =
        waldump(world, bin_dir, directory, *parted, {"-r", "XLOG"}, files).find("PARAMETER_CHANGE") != std::string::npos;
    return local;
}

Decision decide(const Source& source, const Local& local) {
    const auto parted = fork(source, local);
    if (!parted)
        return {Way::refresh, "its timelines and those of the new primary have nothing in common"};
    if (parted->end == timeline::not_left) return on_one_timeline(source, local);
    if (parted->number == source.timeline)
        throw refused(fmt::format("the directory is on timeline {}, and the server given as the new primary on {}",
                                  local.timeline, source.timeline),
                      fmt::format("Timeline {} was left at {}: the directory is of the newer primary.", parted->number,
                                  lsn::format(parted->end)),
                      "Start this one as the primary, and let the other one rejoin it.");
    return way_back(source, local, *parted);
}

Decision choose(const Decision& possible, Wish wish, const Ground& ground) {
    if (possible.way == Way::follow) return possible;
    if (wish == Wish::rewind && possible.way != Way::rewind)
        throw refused("pg_rewind cannot be used", possible.why + ".", "Leave out --way: what differs is fetched then.");
    if (wish == Wish::rewind || possible.way == Way::refresh) return possible;
    const bool is_small = ground.bytes != 0 && ground.bytes <= small_cluster;
    if (wish == Wish::refresh || (is_small && ground.can_refresh)) return {Way::refresh, possible.why};
    return possible;
}

}  // namespace former_primary
