#include "extension/admission.hpp"

#include <fmt/format.h>

#include <memory>

#include "core/error.hpp"
#include "core/hba_write.hpp"
#include "extension/admission_request.hpp"
#include "extension/hba_facts.hpp"
#include "extension/server/file.hpp"
#include "extension/server/lock.hpp"
#include "extension/server/query.hpp"
#include "extension/server/reload.hpp"
#include "extension/server/transaction.hpp"

namespace admission {

namespace {

constexpr int reload_timeout = 5000;  // milliseconds

// What is to be done to the file, or why nothing is.
struct Plan {
    bool changed = false;
    std::string content;  // of the main file afterwards
    std::string file;     // where the line stands or will stand
    int line_number = 0;  // 0: no such line
    std::string rule;
    std::string note;
};

pg::Rows report(const Plan& plan, const std::string& outcome) {
    const pg::Value number =
        plan.line_number == 0 ? std::nullopt : pg::Value(std::to_string(plan.line_number));
    const pg::Value rule = plan.line_number == 0 ? std::nullopt : pg::Value(hba::printable(plan.rule));
    const std::string note = plan.note + (plan.note.empty() || outcome.empty() ? "" : " ") + outcome;
    return {{{plan.file, number, rule, pg::boolean(plan.changed), hba::printable(note)}}};
}

[[noreturn]] void refuse_broken(const std::string& file, int line, const std::string& error) {
    throw core::Error(
        core::sqlstate::config_file_error, "pg_hba.conf has an error and is not touched",
        fmt::format("Line {} of \"{}\": {}.", line, file, hba::printable(error)),
        "Mend that line first; SELECT * FROM pg_hba_file_rules WHERE error IS NOT NULL shows all errors.");
}

hba::Configuration read_sound_configuration() {
    hba::Configuration configuration = hba::read_configuration();
    const hba::ServerView view = hba::server_view(configuration);
    if (!view.error.empty()) refuse_broken(view.error_file, view.error_line, view.error);
    if (const hba::Rule* broken = hba::first_error(configuration.rules))
        refuse_broken(broken->line.file, broken->line.number, broken->error);
    if (!hba::agree(configuration, view))
        throw core::Error(core::sqlstate::object_in_use, "pg_hba.conf was changed meanwhile",
                          "The server and this function read different lines from it.",
                          "Call the function again.");
    return configuration;
}

Plan plan_allow(const hba::Configuration& configuration, const Wanted& wanted) {
    const hba::Surroundings around = hba::surroundings(configuration.dialect);
    const hba::Admission found = hba::admission(configuration.rules, wanted.request, wanted.channels, around);
    if (found.admitted) {
        const hba::Rule& rule = *found.decided_by;
        return {false,
                {},
                rule.line.file,
                rule.line.number,
                rule.line.text,
                fmt::format("Line {} lets it in already, by method {}.", rule.line.number, rule.method)};
    }
    const int before = found.before == nullptr ? 0 : found.before->line.top_number;
    const hba::Edit edit = hba::insert(configuration.content, configuration.dialect, wanted.entry, before);
    const std::string place = before == 0
                                  ? "at the end of the file"
                                  : fmt::format("before line {}, which would decide otherwise", before);
    return {true,
            edit.content,
            configuration.path,
            edit.line_number,
            edit.rule,
            fmt::format("{}New line {}.", wanted.note, place)};
}

// Our own reading of what is about to be written: one rule more, and it lets in who is meant.
void check_allowed(const hba::Configuration& before, const Plan& plan, const Wanted& wanted) {
    const auto rules = hba::rules_of(before, plan.content);
    const bool one_more = hba::first_error(rules) == nullptr && rules.size() == before.rules.size() + 1;
    if (one_more &&
        hba::admission(rules, wanted.request, wanted.channels, hba::surroundings(before.dialect)).admitted)
        return;
    throw core::Error(core::sqlstate::internal_error, "the new line would not let the standby in",
                      fmt::format("The line would be: {}", hba::printable(plan.rule)),
                      "Add the line by hand and report this as a bug of pg_replica.");
}

void check_server_takes(const hba::Configuration& configuration, std::size_t rule_count) {
    const hba::ServerView view = hba::server_view(configuration);
    if (!view.error.empty())
        throw core::Error(core::sqlstate::config_file_error, "the server refuses the changed pg_hba.conf",
                          fmt::format("Line {}: {}. The file was put back as it was.", view.error_line,
                                      hba::printable(view.error)));
    if (static_cast<std::size_t>(view.rule_count) == rule_count) return;
    throw core::Error(core::sqlstate::config_file_error,
                      "the server reads the changed pg_hba.conf differently than meant",
                      fmt::format("It finds {} rules where {} should be. The change is taken back.", view.rule_count,
                                  rule_count),
                      "If something else writes the file, or one that it includes, call the function again.");
}

// Whatever ends the statement without success from here on, a cancel during the reload included, takes the change back.
void replace(const hba::Configuration& configuration, const Plan& plan, std::size_t rule_count) {
    const auto replacement =
        std::make_shared<file::Replacement>(configuration.path, configuration.content, plan.content);
    pg::on_rollback([replacement] {
        replacement->roll_back();
        pg::request_reload();
    });
    replacement->commit();
    check_server_takes(configuration, rule_count);
}

std::string reload() {
    if (pg::reload_and_wait(reload_timeout))
        return "Reloaded: it holds for every connection that starts from now on.";
    return "The reload was asked for, but the server has not confirmed it yet.";
}

constexpr const char* stays = "A changed pg_hba.conf stays when the transaction is rolled back.";

}  // namespace

pg::Rows allow(const pg::Arguments& arguments) {
    hba::check_may_edit("replica.allow_standby");
    const Wanted wanted = read_wanted(arguments);
    if (wanted.dry_run)
        return report(plan_allow(read_sound_configuration(), wanted), "Dry run: nothing was changed.");
    pg::refuse_in_transaction_block("replica.allow_standby", stays);
    pg::lock_cluster_wide(pg::Lockable::hba_file);
    const hba::Configuration configuration = read_sound_configuration();
    const Plan plan = plan_allow(configuration, wanted);
    if (!plan.changed) return report(plan, {});
    check_allowed(configuration, plan, wanted);
    replace(configuration, plan, configuration.rules.size() + 1);
    return report(plan, reload());
}

namespace {

Plan plan_disallow(const hba::Configuration& configuration, const Unwanted& unwanted) {
    const auto edit = hba::remove(configuration.content, configuration.dialect, unwanted.role, unwanted.from);
    if (!edit)
        return {false,
                {},
                configuration.path,
                0,
                {},
                "No line that replica.allow_standby added admits this role from there; other lines are not "
                "touched."};
    return {true, edit->content, configuration.path, edit->line_number, edit->rule, "Line removed."};
}

}  // namespace

pg::Rows disallow(const pg::Arguments& arguments) {
    hba::check_may_edit("replica.disallow_standby");
    const Unwanted unwanted = read_unwanted(arguments);
    if (unwanted.dry_run)
        return report(plan_disallow(read_sound_configuration(), unwanted), "Dry run: nothing was changed.");
    pg::refuse_in_transaction_block("replica.disallow_standby", stays);
    pg::lock_cluster_wide(pg::Lockable::hba_file);
    const hba::Configuration configuration = read_sound_configuration();
    const Plan plan = plan_disallow(configuration, unwanted);
    if (!plan.changed) return report(plan, {});
    replace(configuration, plan, configuration.rules.size() - 1);
    return report(plan, reload());
}

}  // namespace admission
