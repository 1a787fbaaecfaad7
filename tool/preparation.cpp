#include "tool/preparation.hpp"

#include <fmt/format.h>

#include "core/name.hpp"
#include "tool/failure.hpp"
#include "tool/secret.hpp"

namespace preparation {

namespace {

using Shared = std::shared_ptr<Preparation>;

world::Value nullable(const std::string& text) { return text.empty() ? world::Value{} : text; }

void create_extension(tool::Link& primary, Preparation& preparation) {
    if (preparation.extension_exists) return;
    primary.query("CREATE EXTENSION pg_replica");
    preparation.extension_created = true;
}

void drop_extension(tool::Link& primary, const Preparation& preparation) {
    if (preparation.extension_created) primary.query_again("DROP EXTENSION IF EXISTS pg_replica");
}

void report_setting(world::World& world, const world::Rows& rows, std::size_t row) {
    const std::string name = rows.at(row, "name").value_or(""), asked = rows.at(row, "asked").value_or("");
    if (rows.at(row, "pending_restart") == "t")
        world.reporter.warning(
            fmt::format("{} = {} takes effect at the next restart of the primary; until then it is {}", name,
                        asked, rows.at(row, "in_effect").value_or("unknown")));
    else
        world.reporter.fact(fmt::format("{} = {}", name, asked));
}

// The values that ALTER SYSTEM has set, by name.
std::map<std::string, world::Value> altered(tool::Link& primary) {
    const world::Rows rows = primary.query(
        "SELECT name, setting FROM pg_file_settings WHERE sourcefile LIKE '%/postgresql.auto.conf' ORDER BY "
        "seqno");
    std::map<std::string, world::Value> settings;
    for (std::size_t row = 0; row < rows.rows.size(); ++row)
        settings[rows.at(row, "name").value_or("")] = rows.at(row, "setting");
    return settings;
}

world::Rows ask_settings(tool::Link& primary, const Preparation& preparation, bool dry_run) {
    return primary.query("SELECT * FROM replica.set_settings(standbys => $1::integer, dry_run => $2::boolean)",
                         {std::to_string(preparation.standbys), dry_run ? "true" : "false"});
}

void set_settings(world::World& world, tool::Link& primary, Preparation& preparation) {
    auto before = altered(primary);
    const world::Rows rows = ask_settings(primary, preparation, false);
    for (std::size_t row = 0; row < rows.rows.size(); ++row) {
        if (rows.at(row, "changed") != "t") continue;
        const std::string name = rows.at(row, "name").value_or("");
        preparation.settings_before[name] = before[name];
        report_setting(world, rows, row);
    }
    if (preparation.settings_before.empty()) world.reporter.fact("they are sufficient already");
}

std::string undo_of(const std::string& name, const world::Value& value) {
    return value ? fmt::format("ALTER SYSTEM SET {} = {}", name::quote_identifier(name),
                               name::quote_literal(*value))
                 : fmt::format("ALTER SYSTEM RESET {}", name::quote_identifier(name));
}

// One by one: replica.reset_settings() would take back the settings of earlier runs, too.
void restore_settings(tool::Link& primary, const Preparation& preparation) {
    if (preparation.settings_before.empty()) return;
    for (const auto& [name, value] : preparation.settings_before) primary.query_again(undo_of(name, value));
    primary.query_again("SELECT pg_reload_conf()");
}

std::string restore_by_hand(const Preparation& preparation) {
    std::string text = "Settings of the primary are still changed:";
    for (const auto& [name, value] : preparation.settings_before) text += fmt::format(" {};", undo_of(name, value));
    return text + " SELECT pg_reload_conf();";
}

// Keeps the verifier out of the server's log for the rest of the session, whatever its settings are.
void keep_out_of_log(tool::Link& primary) {
    primary.query(
        "SELECT set_config(name, value, false) FROM (VALUES ('log_statement', 'none'), "
        "('log_min_duration_statement', '-1'), ('log_min_error_statement', 'panic'), "
        "('log_parameter_max_length', '0'), ('log_parameter_max_length_on_error', '0'), "
        "('auto_explain.log_min_duration', '-1'), ('debug_print_parse', 'off'), ('debug_print_rewritten', 'off'), "
        "('debug_print_plan', 'off')) AS wanted (name, value)");
}

void write_role(tool::Link& primary, const Preparation& preparation) {
    primary.query(
        "SELECT count(*) FROM replica.create_role($1, $2, $3::integer)",
        {preparation.role, primary.session().scram_verifier(preparation.role, preparation.password),
         preparation.connection_limit < 0 ? world::Value{} : std::to_string(preparation.connection_limit)});
}

// An error of the server itself has rolled the statement back; after a lost connection nobody can tell.
bool was_refused(const core::Error& error) {
    return error.sqlstate.substr(0, 2) != "08" && error.sqlstate.substr(0, 3) != "57P";
}

void create_role(world::World& world, tool::Link& primary, Preparation& preparation) {
    const bool of_earlier_run = preparation.role_created;
    preparation.password = secret::generate();
    preparation.role_created = of_earlier_run || !preparation.role_exists;
    preparation.on_change();
    keep_out_of_log(primary);
    try {
        write_role(primary, preparation);
    } catch (const core::Error& error) {
        // somebody else's role of that name must not be dropped by the undo
        if (was_refused(error)) preparation.role_created = of_earlier_run;
        throw;
    }
    world.reporter.fact(preparation.role_exists
                            ? "it was made for this standby before: it got a new generated password"
                            : "LOGIN REPLICATION, with a generated password");
}

void drop_role(world::World& world, tool::Link& primary, const Preparation& preparation) {
    if (preparation.role_created)
        drop_when_free(world, primary, "SELECT changed FROM replica.drop_role($1)", preparation.role);
}

// The explanation goes line by line through pg_hba.conf; the last one decides.
std::string last_line(const std::string& text) {
    const auto at = text.rfind('\n');
    return at == std::string::npos ? text : text.substr(at + 1);
}

world::Rows decision_about(tool::Link& primary, const Preparation& preparation) {
    return primary.query(
        "SELECT decision, explanation FROM replica.hba_decision($1, $2, $3::boolean)",
        {preparation.role, nullable(preparation.address), preparation.uses_tls ? "true" : "false"});
}

// Somebody may have meant the line that decided so far; for a network, only the note tells of it.
void warn_of_overriding(world::World& world, const world::Rows& before, const world::Rows& added) {
    const std::string note = added.at(0, "note").value_or("");
    if (before.rows.empty()) {
        if (note.find("would decide otherwise") != std::string::npos) world.reporter.warning("pg_hba.conf: " + note);
    } else if (before.at(0, "decision") != "no match") {
        world.reporter.warning("the new line goes before the one that decided so far: " +
                               last_line(before.at(0, "explanation").value_or("")));
    }
}

// A connection comes from one address: about a network there is nothing to decide.
void admit(world::World& world, tool::Link& primary, Preparation& preparation) {
    const bool network = preparation.address.find('/') != std::string::npos;
    const world::Rows decision = network ? world::Rows{} : decision_about(primary, preparation);
    if (!decision.rows.empty() && decision.at(0, "decision") == "accept")
        return world.reporter.fact("it is admitted already: " +
                                   last_line(decision.at(0, "explanation").value_or("")));
    const world::Rows rows =
        primary.query("SELECT changed, line_number, rule, note FROM replica.allow_standby($1, $2)",
                      {preparation.role, nullable(preparation.address)});
    const bool changed = !rows.rows.empty() && rows.at(0, "changed") == "t";
    preparation.admission_added = preparation.admission_added || changed;
    preparation.on_change();
    if (rows.rows.empty()) return;
    world.reporter.fact(fmt::format("{}line {}: {}", changed ? "" : "it is admitted already: ",
                                    rows.at(0, "line_number").value_or("?"), rows.at(0, "rule").value_or("")));
    if (changed) warn_of_overriding(world, decision, rows);
}

void withdraw_admission(tool::Link& primary, const Preparation& preparation) {
    if (preparation.admission_added)
        primary.query_again("SELECT changed FROM replica.disallow_standby($1, $2)",
                            {preparation.role, nullable(preparation.address)});
}

std::string sized_for(const Preparation& preparation) {
    const int standbys = preparation.standbys;
    return fmt::format("Set what replication needs on the primary, for {} standby{} and a clone", standbys,
                       standbys == 1 ? "" : "s");
}

}  // namespace

void append_role_step(plan::Plan& plan, tool::Link& primary, const Shared& shared) {
    plan.push_back(
        {fmt::format("{} the replication role {}", shared->role_exists ? "Renew the password of" : "Create",
                     name::quote_identifier(shared->role)),
         [shared, &primary](world::World& world) { create_role(world, primary, *shared); },
         [shared, &primary](world::World& world) { drop_role(world, primary, *shared); },
         [shared] {
             return fmt::format("The role {} is still on the primary: DROP ROLE {};", shared->role,
                                name::quote_identifier(shared->role));
         }});
}

void append_admission_step(plan::Plan& plan, tool::Link& server, const Shared& shared, const std::string& which) {
    plan.push_back({fmt::format("Admit the role from {} in pg_hba.conf of the {}",
                                shared->address.empty() ? "the Unix-domain socket" : shared->address, which),
                    [shared, &server](world::World& world) { admit(world, server, *shared); },
                    [shared, &server](world::World&) { withdraw_admission(server, *shared); },
                    [shared, which] {
                        return fmt::format(
                            "A line for {} is still in pg_hba.conf of the {}: SELECT * FROM "
                            "replica.disallow_standby({}, {});",
                            shared->role, which, name::quote_literal(shared->role),
                            name::quote_literal(shared->address));
                    }});
}

void append_steps(plan::Plan& plan, tool::Link& primary, const Shared& shared) {
    plan.push_back(
        {shared->extension_exists ? "Use the extension pg_replica that is on the primary"
                                  : "Create the extension pg_replica on the primary",
         [shared, &primary](world::World&) { create_extension(primary, *shared); },
         [shared, &primary](world::World&) { drop_extension(primary, *shared); },
         [] { return std::string("The extension is still on the primary: DROP EXTENSION pg_replica;"); }});
    plan.push_back({sized_for(*shared),
                    [shared, &primary](world::World& world) { set_settings(world, primary, *shared); },
                    [shared, &primary](world::World&) { restore_settings(primary, *shared); },
                    [shared] { return restore_by_hand(*shared); }});
    if (shared->role.empty()) return;
    append_role_step(plan, primary, shared);
    append_admission_step(plan, primary, shared, "primary");
}

std::string describe_settings(tool::Link& primary, const Preparation& preparation) {
    if (!preparation.extension_exists) return {};
    const world::Rows rows = ask_settings(primary, preparation, true);
    std::string text;
    for (std::size_t row = 0; row < rows.rows.size(); ++row) {
        if (rows.at(row, "changed") != "t") continue;
        text += fmt::format("    {} = {} instead of {}{}\n", rows.at(row, "name").value_or(""),
                            rows.at(row, "asked").value_or(""), rows.at(row, "in_effect").value_or("unknown"),
                            rows.at(row, "takes_effect") == "restart" ? ", from the next restart on" : "");
    }
    return text.empty() ? "No setting of the primary would change.\n" : "Settings of the primary that would change:\n" + text;
}

void drop_when_free(world::World& world, tool::Link& primary, const std::string& sql,
                    const std::string& name) {
    constexpr int tries = 50;
    for (int i = 0;; ++i) {
        try {
            primary.query_again(sql, {name});
            return;
        } catch (const core::Error& error) {
            if (error.sqlstate != core::sqlstate::object_in_use || i == tries) throw;
        }
        world.processes.sleep(std::chrono::milliseconds(200));
    }
}

}  // namespace preparation
