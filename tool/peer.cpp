#include "tool/peer.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "core/error.hpp"

namespace peer {

namespace {

// Before PostgreSQL 14, a walsender has no better way to tell that its server is in recovery: there, and only there once
// the default is known to be off, a transaction is read-only.
void ask_walsender(world::Database& database, conninfo::Parameters parameters, Answer& answer) {
    for (const char* keyword : {"service", "target_session_attrs"}) parameters.set(keyword, "");
    parameters.set("dbname", "replication");
    parameters.set("replication", "true");
    parameters.set("options", "-c default_transaction_read_only=off");
    const auto session = database.connect(parameters, "the server at " + place(parameters), world::Prompt::never);
    const world::Rows rows = session->query("IDENTIFY_SYSTEM");
    answer.system_identifier = rows.at(0, "systemid").value_or("");
    answer.timeline = static_cast<unsigned>(std::strtoul(rows.at(0, "timeline").value_or("0").c_str(), nullptr, 10));
    answer.position = rows.at(0, "xlogpos").value_or("");
    answer.in_recovery = session->query("SHOW transaction_read_only").rows.at(0).at(0) == "on";
    answer.asked = true;
}

void ask_backend(world::Database& database, conninfo::Parameters parameters, Answer& answer) {
    for (const char* keyword : {"replication", "options", "target_session_attrs"}) parameters.set(keyword, "");
    if (!parameters.has("dbname") || parameters.get("dbname") == "replication") parameters.set("dbname", "postgres");
    const auto session = database.connect(parameters, "the server at " + place(parameters), world::Prompt::never);
    const world::Rows rows = session->query(
        "SELECT pg_is_in_recovery() AS in_recovery, (SELECT system_identifier FROM pg_control_system()) AS system, "
        "CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END AS position, "
        "CASE WHEN pg_is_in_recovery() THEN (SELECT timeline_id FROM pg_control_checkpoint()) "
        "ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer END AS timeline");
    answer.system_identifier = rows.at(0, "system").value_or("");
    answer.timeline = static_cast<unsigned>(std::strtoul(rows.at(0, "timeline").value_or("0").c_str(), nullptr, 10));
    answer.position = rows.at(0, "position").value_or("");
    answer.in_recovery = rows.at(0, "in_recovery") == "t";
    answer.asked = true;
}

}  // namespace

Answer ask(world::Database& database, conninfo::Parameters parameters) {
    if (!parameters.has("connect_timeout")) parameters.set("connect_timeout", "5");
    Answer answer;
    for (const auto way : {ask_walsender, ask_backend}) {
        try {
            way(database, parameters, answer);
            answer.answers = true;
            return answer;
        } catch (const core::Error& error) {
            answer = {};
            answer.problem = error.detail.empty() ? error.message : error.detail;
        }
        answer.answers = database.answers(parameters);
        if (!answer.answers) break;
    }
    return answer;
}

std::string place(const conninfo::Parameters& parameters) {
    const std::string host = parameters.has("host") ? parameters.get("host") : parameters.get("hostaddr");
    return fmt::format("{} port {}", host.empty() ? "the local socket" : host,
                       parameters.has("port") ? parameters.get("port") : "5432");
}

}  // namespace peer
