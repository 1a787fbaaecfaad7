#include "extension/settings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/name.hpp"
#include "extension/server/configuration.hpp"
#include "extension/server/lock.hpp"
#include "extension/server/query.hpp"
#include "extension/server/transaction.hpp"
#include "extension/settings_facts.hpp"
#include "extension/settings_guard.hpp"
#include "extension/settings_write.hpp"
#include "extension/synchronous.hpp"

namespace settings {

namespace {

// The server's own parser decides first what is a size at all; it lets line breaks pass, which ALTER SYSTEM
// refuses.
void check_size(const std::string& name, const pg::Value& size) {
    if (!size) return;
    if (name::has_control_character(*size))
        throw core::Error(core::sqlstate::invalid_parameter_value,
                          fmt::format("{} contains a control character", name), {},
                          "Pass a number and a unit, for example '10GB'.");
    pg::check_parameter(name, *size);
}

Wishes read(const pg::Arguments& arguments, const pg::Value& archive_library) {
    Wishes wishes{arguments.integer(0).value_or(2), arguments.text(1), arguments.text(2), arguments.text(3), archive_library};
    check_size("wal_keep_size", wishes.wal_keep_size);
    check_size("max_slot_wal_keep_size", wishes.max_slot_wal_keep_size);
    return wishes;
}

void check_place(const char* function, bool dry_run) {
    pg::refuse_in_recovery(function);
    if (!dry_run)
        pg::refuse_in_transaction_block(function, "ALTER SYSTEM stays when the transaction is rolled back.");
}

const char* takes_effect(const Details& details) { return details.needs_restart ? "restart" : "reload"; }

std::vector<Change> changes_of(const std::vector<Requirement>& plan) {
    std::vector<Change> changes;
    for (const Requirement& requirement : plan)
        if (requirement.to_write) changes.push_back({requirement.name, requirement.to_write});
    return changes;
}

// Something is in the files already that the server has not read yet.
bool lags(const std::vector<Requirement>& plan, const Gathered& gathered) {
    return std::any_of(plan.begin(), plan.end(), [&gathered](const Requirement& requirement) {
        return !requirement.sufficient && !gathered.details.at(requirement.name).needs_restart;
    });
}

pg::Row row(const std::string& name, const pg::Value& asked, const Details& details, bool changed,
            std::string note) {
    return {name,
            asked,
            details.shown,
            details.source,
            takes_effect(details),
            pg::boolean(details.pending_restart),
            pg::boolean(changed),
            std::move(note)};
}

pg::Rows report(const std::vector<Requirement>& plan, const Gathered& now, std::string_view remark = {}) {
    pg::Rows rows;
    for (const Requirement& requirement : plan)
        rows.rows.push_back(row(requirement.name,
                                requirement.to_write ? requirement.to_write : requirement.required,
                                now.details.at(requirement.name), requirement.to_write.has_value(),
                                requirement.reason + std::string(requirement.to_write ? remark : "")));
    return rows;
}

constexpr std::string_view unconfirmed = "; the server has not confirmed the reload yet";

struct Recorded {
    std::string name;
    pg::Value before;
    std::string set_to;
};

// Others may be able to write the table: pg_write_all_data for one.
bool is_known(const Recorded& entry) {
    return entry.name == synchronous_standby_names || std::ranges::find(names, entry.name) != names.end();
}

// A command or library from the table would run as the server's user; set_settings replaces none but the empty one.
bool is_command(const Recorded& entry) {
    return (entry.name == "archive_command" || entry.name == "archive_library") && !entry.before.value_or("").empty();
}

pg::Value to_restore(const Recorded& entry) { return is_command(entry) ? std::nullopt : entry.before; }

std::vector<Recorded> recorded() {
    std::vector<Recorded> found;
    const pg::Rows rows =
        pg::query("SELECT name, before, set_to FROM replica.setting_history ORDER BY name COLLATE \"C\"");
    for (const pg::Row& entry : rows.rows)
        found.push_back({entry[0].value_or(""), entry[1], entry[2].value_or("")});
    return found;
}

bool is_ours(const Recorded& entry, const Gathered& gathered) {
    return is_known(entry) && gathered.facts.knows(entry.name) && gathered.details.at(entry.name).own == entry.set_to;
}

std::vector<Change> changes_of(const std::vector<Recorded>& history, const Gathered& gathered) {
    std::vector<Change> changes;
    for (const Recorded& entry : history)
        if (is_ours(entry, gathered)) changes.push_back({entry.name, to_restore(entry)});
    return changes;
}

// To put back a list of standbys must not make commits wait for those that are gone since.
void refuse_waiting(const std::vector<Change>& changes, const Gathered& gathered) {
    for (const Change& change : changes)
        if (change.name == synchronous_standby_names)
            synchronous::refuse_waiting_for(change.value.value_or(gathered.details.at(change.name).below));
}

std::string note_on(const Recorded& entry, bool ours, std::string_view remark) {
    if (!ours) return "changed by somebody else since; left as it is";
    std::string note = fmt::format("{} was set by replica.{}{}", entry.set_to.empty() ? "''" : entry.set_to,
                                   entry.name == synchronous_standby_names ? "set_synchronous_standbys" : "set_settings", remark);
    if (is_command(entry))
        note += fmt::format(
            "; a command is never taken from replica.setting_history: if you know the one recorded there to be right, "
            "run ALTER SYSTEM SET {} TO {};",
            entry.name, name::quote_literal(*entry.before));
    return note;
}

pg::Row unknown_row(const Recorded& entry) {
    return {entry.name,   std::nullopt, std::nullopt,       std::nullopt,
            std::nullopt, std::nullopt, pg::boolean(false), "not a setting of replica.set_settings; ignored"};
}

pg::Row row(const Recorded& entry, const Gathered& before, const Gathered& now, std::string_view remark) {
    if (!is_known(entry) || !now.facts.knows(entry.name)) return unknown_row(entry);
    const bool ours = is_ours(entry, before);
    const pg::Value asked =
        ours ? to_restore(entry).value_or(before.details.at(entry.name).below) : pg::Value();
    return row(entry.name, asked, now.details.at(entry.name), ours, note_on(entry, ours, remark));
}

pg::Rows report(const std::vector<Recorded>& history, const Gathered& before, const Gathered& now,
                std::string_view remark) {
    pg::Rows rows;
    for (const Recorded& entry : history) rows.rows.push_back(row(entry, before, now, remark));
    return rows;
}

}  // namespace

}  // namespace settings

namespace setting {

using namespace settings;

pg::Rows list(const pg::Arguments& arguments) {
    const Wishes wishes = read(arguments, arguments.text(4));
    const Gathered gathered = gather();
    pg::Rows rows;
    for (const Requirement& requirement : require(gathered.facts, wishes)) {
        const Details& details = gathered.details.at(requirement.name);
        rows.rows.push_back({requirement.name, details.shown, requirement.required,
                             pg::boolean(requirement.sufficient), details.source, details.sourcefile,
                             takes_effect(details), pg::boolean(details.pending_restart),
                             requirement.reason});
    }
    return rows;
}

pg::Rows set(const pg::Arguments& arguments) {
    Wishes wishes = read(arguments, arguments.text(6));
    wishes.standbys_raised = arguments.boolean(5, false);
    const bool dry_run = arguments.boolean(4, false);
    check_place("replica.set_settings", dry_run);
    check_rights(changes_of(require(gather().facts, wishes)));
    pg::lock_cluster_wide(pg::Lockable::settings);
    const Gathered before = gather();
    const std::vector<Requirement> plan = require(before.facts, wishes);
    const std::vector<Change> changes = changes_of(plan);
    if (!dry_run) check_standbys_are_raised(before.facts, wishes, plan);
    check_before_writing(before, changes);
    if (dry_run) return report(plan, before, "; not written, as this is a dry run");
    if (changes.empty() && !lags(plan, before)) return report(plan, before);
    record(changes, before);
    const bool answered = write_and_reload(changes);
    return report(plan, gather(), answered ? std::string_view() : unconfirmed);
}

pg::Rows reset(const pg::Arguments& arguments) {
    const bool dry_run = arguments.boolean(0, false);
    check_place("replica.reset_settings", dry_run);
    check_rights(changes_of(recorded(), gather()));
    pg::lock_cluster_wide(pg::Lockable::settings);
    const Gathered before = gather();
    const std::vector<Recorded> history = recorded();
    const std::vector<Change> changes = changes_of(history, before);
    refuse_waiting(changes, before);
    check_before_writing(before, changes);
    if (dry_run) return report(history, before, before, "; not put back, as this is a dry run");
    if (history.empty()) return {};
    forget();
    const bool answered = write_and_reload(changes);
    return report(history, before, gather(), answered ? std::string_view() : unconfirmed);
}

}  // namespace setting
