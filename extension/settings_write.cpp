#include "extension/settings_write.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "extension/server/configuration.hpp"
#include "extension/server/query.hpp"

namespace settings {

namespace {

void write(const Change& change) {
    if (change.value) {
        pg::alter_system_set(change.name, *change.value);
    } else {
        pg::alter_system_reset(change.name);
    }
}

// An archive_command shows as disabled until archive_mode is on, which takes a restart.
bool is_in_effect(const Change& change, const Gathered& now) {
    if (!change.value || now.details.at(change.name).needs_restart) return true;
    const std::string& running = now.facts.get(change.name).running;
    if (change.name == "archive_command" || change.name == "archive_library" || change.name == synchronous_standby_names)
        return running == *change.value;
    return measure(change.name, running) == measure(change.name, *change.value);
}

void check_in_effect(const std::vector<Change>& changes) {
    const Gathered now = gather();
    for (const Change& change : changes)
        if (!is_in_effect(change, now))
            throw core::Error(
                core::sqlstate::object_not_in_prerequisite_state,
                fmt::format("{} did not take effect", change.name),
                fmt::format("It is {} after the reload, from the {}; everything was put back.",
                            now.details.at(change.name).shown, now.details.at(change.name).source),
                "See the server's log for the reason.");
}

// The record of a change commits after the change is in effect, and must not wait for the standbys that it names, or that
// hang already.
void wait_for_no_standby() {
    pg::query("SELECT set_config('synchronous_commit', 'local', true) WHERE current_setting('synchronous_commit') <> 'off'");
}

}  // namespace

void record(const std::vector<Change>& changes, const Gathered& before) {
    wait_for_no_standby();
    for (const Change& change : changes)
        pg::query(R"(
            INSERT INTO replica.setting_history AS h (name, before, set_to, set_at, set_by)
            VALUES ($1, $2, $3, clock_timestamp(), session_user)
            ON CONFLICT (name) DO UPDATE
               SET before = CASE WHEN h.set_to = $2 THEN h.before ELSE $2 END,
                   set_to = excluded.set_to, set_at = excluded.set_at, set_by = excluded.set_by)",
                  {change.name, before.details.at(change.name).own, change.value});
}

void forget() {
    wait_for_no_standby();
    pg::query("DELETE FROM replica.setting_history");
}

bool write_and_reload(const std::vector<Change>& changes) {
    pg::put_back_on_rollback({changes.begin(), changes.end()});
    for (const Change& change : changes) write(change);
    const bool answered = pg::reload_configuration();
    if (answered) check_in_effect(changes);
    return answered;
}

}  // namespace settings
