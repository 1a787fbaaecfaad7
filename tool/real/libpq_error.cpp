#include "tool/real/libpq_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "tool/connect_hint.hpp"
#include "tool/failure.hpp"
#include "tool/real/database.hpp"

namespace real {

namespace {

std::string field(const PGresult* result, int code) {
    const char* text = PQresultErrorField(result, code);
    return text == nullptr ? "" : text;
}

// What libpq took for an option, its own defaults included.
std::string option_of(PGconn* connection, const std::string& keyword) {
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(PQconninfo(connection), &PQconninfoFree);
    for (const PQconninfoOption* option = options.get(); option != nullptr && option->keyword; ++option)
        if (option->keyword == keyword) return first_of(option->val, "");
    return {};
}

std::string hint_for(PGconn* connection, bool replication) {
    connect_hint::Facts facts;
    facts.host = option_of(connection, "host").empty() ? option_of(connection, "hostaddr") : first_of(PQhost(connection), "");
    facts.port = first_of(PQport(connection), "5432");
    facts.user = first_of(PQuser(connection), "*");
    facts.database = replication ? "replication" : first_of(PQdb(connection), "*");
    facts.passfile = option_of(connection, "passfile");
    facts.state = connect_hint::look_at(facts.passfile);
    facts.needs_password = PQconnectionNeedsPassword(connection) != 0;
    facts.used_password = PQconnectionUsedPassword(connection) != 0;
    return connect_hint::text(facts);
}

}  // namespace

std::string trimmed(const char* text) {
    std::string result = text == nullptr ? "" : text;
    while (!result.empty() && (result.back() == '\n' || result.back() == ' ')) result.pop_back();
    result.erase(std::remove(result.begin(), result.end(), '\t'), result.end());  // libpq indents its advice
    return result;
}

std::string first_of(const char* text, const char* otherwise) {
    return text != nullptr && *text != '\0' ? text : otherwise;
}

std::string place(PGconn* connection) {
    return fmt::format("host {}, port {}, user {}, database {}", first_of(PQhost(connection), "(local socket)"),
                       first_of(PQport(connection), "5432"), first_of(PQuser(connection), "(none)"),
                       first_of(PQdb(connection), "(none)"));
}

void fail_connect(PGconn* connection, const std::string& purpose, bool replication, Refusal refusal) {
    const std::string message = trimmed(PQerrorMessage(connection));
    if (refusal == Refusal::by_libpq)
        throw Failure(ExitCode::connection,
                      core::Error(connection_rejected, "cannot connect to " + purpose, message,
                                  "No server was asked. Mend the connection string, the service file or the PG* variable that says so."));
    throw Failure(ExitCode::connection,
                  core::Error(refusal == Refusal::by_server ? connection_rejected : core::sqlstate::connection_failure,
                              "cannot connect to " + purpose, fmt::format("{}: {}", place(connection), message),
                              hint_for(connection, replication)));
}

void fail_statement(PGconn* connection, const PGresult* result) {
    const std::string state = field(result, PG_DIAG_SQLSTATE);
    if (state.empty() || PQstatus(connection) != CONNECTION_OK)
        throw core::Error(core::sqlstate::connection_failure, "the connection to the server was lost",
                          fmt::format("{}: {}", place(connection), trimmed(PQerrorMessage(connection))),
                          "Check that the server runs, then run the same command again.");
    throw core::Error(state, field(result, PG_DIAG_MESSAGE_PRIMARY), field(result, PG_DIAG_MESSAGE_DETAIL),
                      field(result, PG_DIAG_MESSAGE_HINT));
}

}  // namespace real
