#include "extension/synchronous.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/synchronous_plan.hpp"
#include "extension/server/configuration.hpp"
#include "extension/server/lock.hpp"
#include "extension/server/query.hpp"
#include "extension/server/transaction.hpp"
#include "extension/settings_write.hpp"

namespace synchronous {

namespace {

constexpr const char* parameter = settings::synchronous_standby_names.data();

std::string grant_monitor() {
    return fmt::format("GRANT pg_monitor TO {};", pg::query_value("SELECT quote_ident(current_user)").value_or(""));
}

// As the server chooses its candidates; nobody is one on a standby.
std::vector<Sender> senders() {
    const pg::Rows found = pg::query(R"(
        SELECT a.application_name, w.state, w.sync_state,
               w.state IN ('streaming', 'stopping') AND w.flush_lsn IS NOT NULL AND NOT pg_is_in_recovery()
          FROM pg_stat_get_wal_senders() w JOIN pg_stat_get_activity(NULL) a ON a.pid = w.pid
         ORDER BY a.application_name COLLATE "C", w.pid)");
    std::vector<Sender> senders;
    for (const pg::Row& row : found.rows) {
        if (!row[1])
            throw core::Error(core::sqlstate::insufficient_privilege, "permission denied to see which standbys stream", {},
                              grant_monitor());
        senders.push_back({row[0].value_or(""), *row[1], row[2].value_or(""), row[3] == "t"});
    }
    return senders;
}

Names read(const std::string& setting) {
    if (auto names = parse(setting)) return *std::move(names);
    throw core::Error(core::sqlstate::invalid_parameter_value, "synchronous_standby_names cannot be read",
                      fmt::format("It is: {}", setting));
}

std::vector<std::string> items(const std::string& array) {
    std::vector<std::string> items;
    for (const pg::Row& row : pg::query("SELECT n FROM unnest($1::text[]) WITH ORDINALITY AS u (n, i) ORDER BY i", {array}).rows) {
        if (!row[0]) throw core::Error(core::sqlstate::null_value_not_allowed, "the name of a synchronous standby is null");
        items.push_back(*row[0]);
    }
    return items;
}

struct Asked {
    Names names;
    std::string setting;
    bool dry_run, allow_waiting, allow_none;
};

Asked read(const pg::Arguments& arguments) {
    const Names names = wanted(items(arguments.required(0, "names")), arguments.required(1, "method"),
                               arguments.integer(2).value_or(1));
    Asked asked{names, text(names), arguments.boolean(3, false), arguments.boolean(4, false), arguments.boolean(5, false)};
    pg::check_parameter(parameter, asked.setting);
    return asked;
}

void check_place(bool dry_run) {
    static constexpr const char* function = "replica.set_synchronous_standbys";
    pg::refuse_in_recovery(function);
    if (!dry_run) pg::refuse_in_transaction_block(function, "ALTER SYSTEM stays when the transaction is rolled back.");
}

bool is_set(const settings::Gathered& gathered, const Names& names) {
    const settings::Parameter& now = gathered.facts.get(parameter);
    const auto later = parse(now.at_restart);
    return same(read(now.running), names) && later && same(*later, names);
}

void refuse_harm(const Asked& asked, const settings::Gathered& before) {
    if (!asked.allow_none) refuse_none(read(before.facts.get(parameter).running), asked.names);
    if (!asked.allow_waiting) refuse_waiting(asked.names, senders());
}

pg::Rows report(const Asked& asked, const std::string& before, bool changed, std::string_view remark) {
    const std::vector<Sender> connected = senders();
    return {{{before, asked.setting, pg::query_value("SELECT current_setting($1)", {parameter}),
              std::to_string(asked.names.required), std::to_string(confirming(asked.names, connected)),
              pg::boolean(confirming(asked.names, connected) < asked.names.required), pg::boolean(changed),
              describe(asked.names, connected) + std::string(remark)}}};
}

pg::Row row(const Standby& standby, const Names& names, const std::vector<Sender>& connected) {
    const auto unless_empty = [](const std::string& text) { return text.empty() ? pg::Value() : text; };
    return {standby.name,
            pg::boolean(standby.priority > 0),
            standby.priority > 0 ? pg::Value(std::to_string(standby.priority)) : std::nullopt,
            unless_empty(standby.state),
            unless_empty(standby.sync_state),
            pg::boolean(standby.confirms),
            unless_empty(standby.note),
            names.required == 0 ? pg::Value() : names.quorum ? "ANY" : "FIRST",
            std::to_string(names.required),
            std::to_string(confirming(names, connected)),
            pg::boolean(confirming(names, connected) < names.required)};
}

}  // namespace

void refuse_waiting_for(const std::string& setting) {
    try {
        refuse_waiting(read(setting), senders());
    } catch (core::Error& error) {
        if (error.sqlstate == core::sqlstate::object_not_in_prerequisite_state)
            error.hint = "Start these standbys first; or set synchronous_standby_names yourself with ALTER SYSTEM: then it is "
                         "left as it is.";
        throw;
    }
}

pg::Rows list(const pg::Arguments&) {
    const Names names = read(pg::query_value("SELECT current_setting($1)", {parameter}).value_or(""));
    const std::vector<Sender> connected = senders();
    pg::Rows rows;
    for (const Standby& standby : standbys(names, connected)) rows.rows.push_back(row(standby, names, connected));
    if (rows.rows.empty()) {
        rows.rows.push_back(row({}, names, connected));
        rows.rows.front().front() = std::nullopt;
    }
    return rows;
}

pg::Rows set(const pg::Arguments& arguments) {
    const Asked asked = read(arguments);
    check_place(asked.dry_run);
    const std::vector<settings::Change> changes{{parameter, asked.setting}};
    settings::check_rights(changes);
    pg::lock_cluster_wide(pg::Lockable::settings);
    const settings::Gathered before = settings::gather();
    const std::string running = before.facts.get(parameter).running;
    if (is_set(before, asked.names)) return report(asked, running, false, "");
    refuse_harm(asked, before);
    settings::check_before_writing(before, changes);
    if (asked.dry_run) return report(asked, running, true, "; not written, as this is a dry run");
    settings::record(changes, before);
    const bool answered = settings::write_and_reload(changes);
    // one may have gone meanwhile; raised here, all is put back
    if (!asked.allow_waiting) refuse_waiting(asked.names, senders());
    return report(asked, running, true, answered ? "" : "; the server has not confirmed the reload yet");
}

}  // namespace synchronous
