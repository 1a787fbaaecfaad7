// What replication needs of the server's configuration, worked out from what is there: never lower than it
// is, and never a combination with which the next start fails. Pure; see runtime-config-replication and
// runtime-config-wal.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace settings {

// The closed list, in the order of every report. No other parameter is ever written, but for the one below.
inline constexpr std::array<std::string_view, 10> names = {
    "wal_level",     "max_wal_senders", "max_replication_slots", "wal_keep_size",  "max_slot_wal_keep_size",
    "wal_log_hints", "hot_standby",     "archive_mode",          "archive_command", "archive_library"};

// Written on request only, by replica.set_synchronous_standbys; recorded and put back together with those.
inline constexpr std::string_view synchronous_standby_names = "synchronous_standby_names";

struct Parameter {
    std::string name;
    std::string running;     // pg_settings.setting: sizes in megabytes without a unit
    std::string at_restart;  // what the next start will use, as the file has it, with or without a unit
    bool fixed = false;      // by the command line or the environment: ALTER SYSTEM has no effect
};

struct Facts {
    std::vector<Parameter> parameters;  // all of names that the server knows: archive_library from 15 on
    std::int64_t physical_slots = 0;
    std::int64_t logical_slots = 0;
    std::int64_t walsenders = 0;     // running now
    std::int64_t most_retained = 0;  // megabytes of WAL that the slot furthest behind retains
    std::int64_t other_processes =
        0;  // max_connections and all else that shares the limit of server processes
    std::int64_t max_connections = 100;      // of the next start
    std::int64_t reserved_connections = 3;  // of the next start, for superusers and others
    bool data_checksums = false;
    bool summarize_wal = false;
    bool logical_on_demand = false;  // logical slots work with wal_level = replica (19)
    std::string standbys;  // names of those that stream now, for people

    bool knows(std::string_view name) const;
    const Parameter& get(std::string_view name) const;
    // The same with another value at the next start.
    Facts with(std::string_view name, const std::string& at_restart) const;
};

// What the caller asks for; sizes as postgresql.conf takes them. Nothing: no opinion.
struct Wishes {
    std::int64_t standbys = 2;
    std::optional<std::string> wal_keep_size = {};
    std::optional<std::string> max_slot_wal_keep_size = {};
    std::optional<std::string> archive_command = {};
    std::optional<std::string> archive_library = {};
    bool standbys_raised = false;  // the standbys have the larger limits already
};

struct Requirement {
    std::string name;
    std::optional<std::string> required;  // nothing: any value will do
    bool sufficient;                      // now and after the next start
    std::optional<std::string>
        to_write;  // what ALTER SYSTEM has to set; nothing when the next start has enough
    std::string reason;
};

// One requirement for each of names that the server knows, in that order. Throws core::Error when a wish cannot be met without
// harm: too many standbys, a bound that would invalidate a slot, an archive_command that would replace
// another one.
std::vector<Requirement> require(const Facts& facts, const Wishes& wishes);

// Throws core::Error when the command or library that is wished for cannot archive here, or another one archives already.
void check_archiving(const Facts& facts, const Wishes& wishes);

// Throws core::Error when a limit would be raised that connected standbys must have first, unless the wishes say that
// they do: at the restart of this server they would pause their replay, or not start again (hot-standby).
void check_standbys_are_raised(const Facts& facts, const Wishes& wishes, const std::vector<Requirement>& plan);

// Why the server would not come up with, or would cut off standbys by, the values of its next start; empty
// when it is sound. Sentences.
std::vector<std::string> conflicts(const Facts& facts);

// A size as postgresql.conf takes it ("1GB", "512 kB", "64" for megabytes) in megabytes, rounded as the
// server does; nothing when it is none.
std::optional<std::int64_t> megabytes(std::string_view text);

// How much a value of one of names gives, comparable within one name; a size of -1 is more than any other.
std::int64_t measure(std::string_view name, std::string_view value);

}  // namespace settings
