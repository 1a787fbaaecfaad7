#include "extension/settings_guard.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/name.hpp"
#include "extension/owner_facts.hpp"
#include "extension/server/configuration.hpp"
#include "extension/server/query.hpp"
#include "extension/server/version.hpp"

namespace settings {

namespace {

void append(std::string& list, std::string_view separator, std::string_view item) {
    if (!list.empty()) list += separator;
    list += item;
}

void refuse_switched_off() {
    if (!pg::version::has_allow_alter_system()) return;
    if (pg::query_value("SELECT current_setting('allow_alter_system')") == "on") return;
    throw core::Error(
        core::sqlstate::object_not_in_prerequisite_state, "ALTER SYSTEM is switched off on this server",
        "allow_alter_system is off: something else owns the configuration.",
        "Make the changes that replica.settings() shows there, or set allow_alter_system = on.");
}

// Who has to have the right: also the session's user, so that a SECURITY DEFINER function lends it to nobody.
std::vector<std::string> callers() {
    std::vector<std::string> found;
    const pg::Rows rows = pg::query("SELECT current_user UNION SELECT session_user ORDER BY 1");
    for (const pg::Row& row : rows.rows) found.push_back(row[0].value_or(""));
    return found;
}

bool may_alter(const std::string& caller, const std::string& parameter) {
    const char* statement =
        pg::version::has_parameter_privileges()
            ? "SELECT has_parameter_privilege($1::name, $2, 'ALTER SYSTEM')"
            : "SELECT rolsuper OR $2 IS NULL FROM pg_catalog.pg_roles WHERE rolname = $1::name";
    return pg::query_value(statement, {caller, parameter}) == "t";
}

struct Missing {
    std::string facts;
    std::string grants;

    void add(const std::string& fact, const std::string& grant) {
        append(facts, " ", fact);
        append(grants, " ", grant);
    }
};

void add_parameters(Missing& missing, const std::vector<Change>& changes) {
    for (const std::string& caller : callers()) {
        std::string parameters;
        for (const Change& change : changes)
            if (!may_alter(caller, change.name)) append(parameters, ", ", change.name);
        if (!parameters.empty())
            missing.add(fmt::format("Role \"{}\" may not ALTER SYSTEM: {}.", caller, parameters),
                        fmt::format("GRANT ALTER SYSTEM ON PARAMETER {} TO {};", parameters,
                                    name::quote_identifier(caller)));
    }
}

void add_objects(Missing& missing) {
    const std::string caller = pg::query_value("SELECT current_user").value_or("");
    const std::string grantee = name::quote_identifier(caller);
    for (const char* function : {"pg_catalog.pg_reload_conf()", "pg_catalog.pg_show_all_file_settings()"})
        if (pg::query_value("SELECT has_function_privilege($1, 'EXECUTE')", {function}) != "t")
            missing.add(fmt::format("Role \"{}\" may not call {}.", caller, function),
                        fmt::format("GRANT EXECUTE ON FUNCTION {} TO {};", function, grantee));
    if (pg::query_value("SELECT bool_and(has_table_privilege('replica.setting_history', p)) "
                        "FROM unnest('{SELECT,INSERT,UPDATE,DELETE}'::text[]) p") != "t")
        missing.add(
            fmt::format("Role \"{}\" may not write replica.setting_history.", caller),
            fmt::format("GRANT SELECT, INSERT, UPDATE, DELETE ON replica.setting_history TO {};", grantee));
}

}  // namespace

void check_rights(const std::vector<Change>& changes) {
    Missing missing;
    add_parameters(missing, changes);
    add_objects(missing);
    if (missing.facts.empty()) return;
    const bool grantable = pg::version::has_parameter_privileges();
    throw core::Error(core::sqlstate::insufficient_privilege,
                      "rights to change the configuration are missing", missing.facts,
                      grantable
                          ? fmt::format("Run as a superuser: {}", missing.grants)
                          : "Call the function as a superuser; PostgreSQL 14 and older let nobody else.");
}

namespace {

// The server marks a value that waits for a restart as an error as well, and one that was taken out of the files,
// without a file; neither is one.
bool is_broken(const pg::Value& parameter, const pg::Value& value) {
    return !parameter || !pg::accepts_parameter(*parameter, value.value_or(""));
}

void refuse_broken_files() {
    const pg::Rows found = pg::query(
        "SELECT sourcefile, sourceline, name, setting, error FROM pg_catalog.pg_show_all_file_settings() "
        "WHERE error IS NOT NULL AND sourcefile IS NOT NULL ORDER BY seqno");
    std::string facts;
    for (const pg::Row& row : found.rows)
        if (is_broken(row[2], row[3]))
            append(facts, " ",
                   fmt::format("{}, line {}: {}.", row[0].value_or("?"), row[1].value_or("?"),
                               row[4].value_or("")));
    if (facts.empty()) return;
    throw core::Error(
        core::sqlstate::config_file_error, "configuration files contain errors", facts,
        "Mend them first: a reload ignores the files as they are, and the next start fails on them.");
}

void refuse_unwritable() {
    const std::string why = pg::why_configuration_is_unwritable();
    if (why.empty()) return;
    throw core::Error(core::sqlstate::config_file_error, "postgresql.auto.conf cannot be written",
                      fmt::format("{}.", why),
                      "Give the server's operating system user the right to write it.");
}

void refuse_foreign(const std::vector<Change>& changes) {
    std::vector<std::pair<std::string, std::string>> values;
    for (const Change& change : changes)
        if (change.value) values.emplace_back(change.name, *change.value);
    const auto owner = owner::find_here();
    if (values.empty() || !owner || owner::tolerates_alter_system(*owner)) return;
    throw core::Error(core::sqlstate::object_not_in_prerequisite_state,
                      fmt::format("{} owns the configuration of this server", owner->name),
                      fmt::format("{} What ALTER SYSTEM sets beside it is ineffective, lost, or this node's alone.",
                                  owner->evidence),
                      owner::command(*owner, values));
}

void refuse_fixed(const Gathered& gathered, const std::vector<Change>& changes) {
    std::string fixed, facts;
    for (const Change& change : changes) {
        const Parameter& parameter = gathered.facts.get(change.name);
        if (!parameter.fixed || !change.value) continue;
        append(fixed, ", ", change.name);
        append(facts, " ",
               fmt::format("{} = {} comes from the {}.", change.name, parameter.running,
                           gathered.details.at(change.name).source));
    }
    if (fixed.empty()) return;
    throw core::Error(
        core::sqlstate::object_not_in_prerequisite_state,
        fmt::format("ALTER SYSTEM has no effect on: {}", fixed), facts,
        "Change it where the server is started: the options of postgres or pg_ctl, the service file, the "
        "arguments of the container, or patronictl edit-config.");
}

void refuse_missing_library(const std::vector<Change>& changes) {
    for (const Change& change : changes)
        if (change.name == "archive_library" && change.value && !pg::has_library(*change.value))
            throw core::Error(core::sqlstate::invalid_parameter_value,
                              fmt::format("there is no archive library \"{}\"", *change.value),
                              "The archiver would fail to load it, and WAL would pile up.",
                              "Install it into the directory that pg_config --pkglibdir prints, or name another one.");
}

void check_values(const std::vector<Change>& changes) {
    for (const Change& change : changes)
        if (change.value) pg::check_parameter(change.name, *change.value);
}

Facts after(const Gathered& gathered, const std::vector<Change>& changes) {
    Facts facts = gathered.facts;
    for (const Change& change : changes)
        if (!facts.get(change.name).fixed)
            facts = facts.with(change.name, change.value.value_or(gathered.details.at(change.name).below));
    return facts;
}

void refuse_conflicts(const Facts& facts) {
    std::string sentences;
    for (const std::string& conflict : conflicts(facts)) append(sentences, " ", conflict);
    if (sentences.empty()) return;
    throw core::Error(core::sqlstate::object_not_in_prerequisite_state,
                      "the next start of the server would fail or lose standbys with these settings",
                      sentences, "See replica.settings() for the values and where they come from.");
}

}  // namespace

void check_before_writing(const Gathered& gathered, const std::vector<Change>& changes) {
    if (changes.empty()) return;
    refuse_switched_off();
    check_rights(changes);
    refuse_foreign(changes);
    refuse_broken_files();
    refuse_unwritable();
    refuse_fixed(gathered, changes);
    refuse_missing_library(changes);
    check_values(changes);
    refuse_conflicts(after(gathered, changes));
}

}  // namespace settings
