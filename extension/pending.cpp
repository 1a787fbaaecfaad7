#include "extension/pending.hpp"

#include <fmt/format.h>

#include "extension/server/configuration.hpp"
#include "extension/server/query.hpp"
#include "extension/settings_facts.hpp"

namespace pending {

namespace {

constexpr const char* flagged = R"(
    SELECT name FROM pg_show_all_settings() s
     WHERE pending_restart AND source NOT IN ('command line', 'environment variable') {} ORDER BY name COLLATE "C")";

// A reload clears the flag itself when the files hold the running value.
constexpr const char* in_the_files = R"(
       AND (setting IS DISTINCT FROM boot_val
            OR EXISTS (SELECT FROM pg_show_all_file_settings() f WHERE lower(f.name) = lower(s.name))))";

std::vector<std::string> names(const char* condition) {
    std::vector<std::string> result;
    for (const pg::Row& row : pg::query(fmt::format(flagged, condition)).rows) result.push_back(row[0].value_or(""));
    return result;
}

}  // namespace

std::vector<std::string> restarts() {
    // the list of all settings is the dearest part of a look at the server
    if (!pg::some_setting_waits_for_restart()) return {};
    std::vector<std::string> result = names("");
    return result.empty() || !settings::may_read_files() ? result : names(in_the_files);
}

}  // namespace pending
