#include "tool/real/database.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "tool/failure.hpp"
#include "tool/real/interrupt.hpp"
#include "tool/real/libpq_error.hpp"
#include "tool/real/prompt.hpp"

namespace real {

namespace {

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

constexpr const char* statement_name = "pg_replica";
constexpr Oid bytea_type = 17;  // of pg_type: the same in every version

struct Arrays {
    std::vector<const char*> keywords, values;

    explicit Arrays(const conninfo::Parameters& parameters) {
        for (const auto& [keyword, value] : parameters.pairs()) {
            keywords.push_back(keyword.c_str());
            values.push_back(value.c_str());
        }
        keywords.push_back(nullptr);
        values.push_back(nullptr);
    }
};

// What every connection of the tool needs: bounded waits, and texts that it can read.
conninfo::Parameters with_limits(conninfo::Parameters parameters) {
    const auto otherwise = [&parameters](const char* keyword, const char* variable, const char* value) {
        if (!parameters.has(keyword) && (variable == nullptr || std::getenv(variable) == nullptr))
            parameters.set(keyword, value);
    };
    otherwise("connect_timeout", "PGCONNECT_TIMEOUT", "10");
    otherwise("tcp_user_timeout", nullptr, "15000");
    otherwise("keepalives_idle", nullptr, "5");
    otherwise("keepalives_interval", nullptr, "5");
    otherwise("keepalives_count", nullptr, "3");
    otherwise("fallback_application_name", nullptr, "pg_replica");
    otherwise("client_encoding", nullptr, "UTF8");
    return parameters;
}

void wait_readable(PGconn* connection, std::chrono::seconds limit, std::chrono::steady_clock::time_point begin) {
    pollfd descriptor{PQsocket(connection), POLLIN, 0};
    poll(&descriptor, 1, 100);
    throw_if_interrupted();
    if (std::chrono::steady_clock::now() < begin + limit) return;
    throw core::Error(core::sqlstate::connection_failure, "the server does not answer",
                      fmt::format("{}: no answer for {} seconds.", place(connection), limit.count()),
                      "Check the server and the network, then run the same command again.");
}

world::Rows rows_of(const PGresult* result) {
    world::Rows rows;
    const int columns = PQnfields(result);
    for (int column = 0; column < columns; ++column) {
        rows.columns.emplace_back(PQfname(result, column));
        rows.types.push_back(PQftype(result, column));
    }
    for (int row = 0; row < PQntuples(result); ++row) {
        auto& values = rows.rows.emplace_back();
        for (int column = 0; column < columns; ++column)
            values.push_back(PQgetisnull(result, row, column) ? world::Value{} : PQgetvalue(result, row, column));
    }
    return rows;
}

// Passwords, debug options, and defaults: a server with an older libpq may not know the keywords of our defaults.
bool says_nothing(const PQconninfoOption& option) {
    if (option.val == nullptr || *option.val == '\0' || *option.dispchar != '\0') return true;
    return option.compiled != nullptr && std::strcmp(option.compiled, option.val) == 0;
}

class LibpqSession : public world::Session {
   public:
    LibpqSession(Connection connection, bool replication, std::chrono::seconds answer_limit)
        : connection_(std::move(connection)), replication_(replication), answer_limit_(answer_limit) {
        PQsetNoticeProcessor(
            connection_.get(), [](void*, const char*) {}, nullptr);
        if (!replication_) settle();
    }

    world::Rows query(const std::string& sql, const std::vector<world::Value>& parameters) override {
        send(sql, parameters);
        const Result result = receive();
        const auto status = PQresultStatus(result.get());
        if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) fail_statement(connection_.get(), result.get());
        return rows_of(result.get());
    }

    void send_bytes(const std::string& sql, const std::string& bytes) override {
        prepare(sql);
        const char* value = bytes.data();
        const int length = static_cast<int>(bytes.size()), binary = 1;
        if (PQsendQueryPrepared(connection_.get(), statement_name, 1, &value, &length, &binary, 1) == 0)
            fail_statement(connection_.get(), nullptr);
    }

    std::string receive_bytes() override {
        const Result result = receive();
        if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) fail_statement(connection_.get(), result.get());
        if (PQntuples(result.get()) != 1 || PQgetisnull(result.get(), 0, 0)) return {};
        return {PQgetvalue(result.get(), 0, 0), static_cast<std::size_t>(PQgetlength(result.get(), 0, 0))};
    }

    void answer_within(std::chrono::seconds limit) override { answer_limit_ = limit; }

    conninfo::Parameters parameters() const override {
        const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(PQconninfo(connection_.get()),
                                                                                  &PQconninfoFree);
        conninfo::Parameters found;
        for (const PQconninfoOption* option = options.get(); option != nullptr && option->keyword; ++option)
            if (!says_nothing(*option)) found.set(option->keyword, option->val);
        found.set("host", first_of(PQhost(connection_.get()), ""));
        found.set("port", first_of(PQport(connection_.get()), ""));
        found.set("user", first_of(PQuser(connection_.get()), ""));
        found.set("dbname", first_of(PQdb(connection_.get()), ""));
        return found;
    }

    std::string password() const override {
        return PQconnectionUsedPassword(connection_.get()) ? first_of(PQpass(connection_.get()), "") : "";
    }

    bool uses_tls() const override { return PQsslInUse(connection_.get()) != 0; }

    std::string scram_verifier(const std::string& role, const std::string& password) override {
        const std::unique_ptr<char, decltype(&PQfreemem)> verifier(
            PQencryptPasswordConn(connection_.get(), password.c_str(), role.c_str(), "scram-sha-256"), &PQfreemem);
        if (verifier) return verifier.get();
        throw core::Error(core::sqlstate::internal_error, "cannot compute a SCRAM verifier",
                          trimmed(PQerrorMessage(connection_.get())));
    }

   private:
    // The tool's statements must mean the same on every server: no foreign search path, no commit that waits for a
    // synchronous standby, no limit made for applications, no read-only default.
    void settle() {
        query("SELECT pg_catalog.set_config(name, setting, false) FROM (VALUES ('search_path', 'pg_catalog'), "
              "('synchronous_commit', 'local'), ('statement_timeout', '0'), ('lock_timeout', '15s'), "
              "('idle_in_transaction_session_timeout', '0'), ('default_transaction_read_only', 'off'), "
              "('datestyle', 'ISO'), ('intervalstyle', 'postgres'), ('idle_session_timeout', '0'), "
              "('transaction_timeout', '0')) AS wanted (name, setting) "
              // the last two are not known to every version; the session is idle while a copy is verified
              "WHERE pg_catalog.current_setting(name, true) IS NOT NULL",
              {});
    }

    // The same statement is sent again and again: the server reads and plans it once.
    void prepare(const std::string& sql) {
        if (sql == prepared_) return;
        if (!prepared_.empty()) query(std::string("DEALLOCATE ") + statement_name, {});
        prepared_.clear();
        const Oid type = bytea_type;
        if (PQsendPrepare(connection_.get(), statement_name, sql.c_str(), 1, &type) == 0)
            fail_statement(connection_.get(), nullptr);
        const Result result = receive();
        if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) fail_statement(connection_.get(), result.get());
        prepared_ = sql;
    }

    void send(const std::string& sql, const std::vector<world::Value>& parameters) {
        std::vector<const char*> values;
        for (const auto& value : parameters) values.push_back(value ? value->c_str() : nullptr);
        // a walsender knows the simple protocol only
        const int sent = replication_ ? PQsendQuery(connection_.get(), sql.c_str())
                                      : PQsendQueryParams(connection_.get(), sql.c_str(),
                                                          static_cast<int>(values.size()), nullptr, values.data(),
                                                          nullptr, nullptr, 0);
        if (sent == 0) fail_statement(connection_.get(), nullptr);
    }

    Result receive() {
        const auto begin = std::chrono::steady_clock::now();
        Result last(nullptr, &PQclear);
        for (;;) {
            while (PQisBusy(connection_.get())) {
                wait_for_input(begin);
                if (PQconsumeInput(connection_.get()) == 0) fail_statement(connection_.get(), nullptr);
            }
            Result next(PQgetResult(connection_.get()), &PQclear);
            if (!next) return last;
            last = std::move(next);
        }
    }

    void wait_for_input(std::chrono::steady_clock::time_point begin) {
        try {
            wait_readable(connection_.get(), answer_limit_, begin);
        } catch (const Interrupted&) {
            cancel();
            throw;
        }
    }

    // Leaves the connection usable for the undo that follows a signal.
    void cancel() {
        const std::unique_ptr<PGcancel, decltype(&PQfreeCancel)> handle(PQgetCancel(connection_.get()), &PQfreeCancel);
        char message[256];
        if (handle) PQcancel(handle.get(), message, sizeof message);
        while (const Result rest{PQgetResult(connection_.get()), &PQclear}) {
        }
    }

    Connection connection_;
    bool replication_;
    std::chrono::seconds answer_limit_;
    std::string prepared_;  // the statement that is prepared
};

Connection open(const conninfo::Parameters& parameters) {
    const Arrays arrays(parameters);
    return {PQconnectdbParams(arrays.keywords.data(), arrays.values.data(), 1), &PQfinish};
}

// Who turned the connection away: a server that is there and accepts connections, only not this one?
Refusal refusal_of(PGconn* connection, const conninfo::Parameters& parameters) {
    if (PQconnectionNeedsPassword(connection) != 0 || PQconnectionUsedPassword(connection) != 0) return Refusal::by_server;
    const Arrays arrays(parameters);
    const PGPing answer = PQpingParams(arrays.keywords.data(), arrays.values.data(), 1);
    if (answer == PQPING_NO_ATTEMPT) return Refusal::by_libpq;
    return answer == PQPING_OK ? Refusal::by_server : Refusal::none;
}

}  // namespace

std::unique_ptr<world::Session> LibpqDatabase::connect(const conninfo::Parameters& given, const std::string& purpose,
                                                       world::Prompt prompt) {
    conninfo::Parameters parameters = with_limits(given);
    const bool replication = parameters.has("replication");
    const auto begin = std::chrono::steady_clock::now();
    Connection connection = open(parameters);
    // later, it was no rejection: nobody answered
    const bool failed_at_once = std::chrono::steady_clock::now() - begin < std::chrono::seconds(1);
    throw_if_interrupted();
    if (PQstatus(connection.get()) == CONNECTION_BAD && PQconnectionNeedsPassword(connection.get()) &&
        prompt == world::Prompt::on_terminal) {
        const auto typed = ask_password(fmt::format("Password for {} ({}): ", PQuser(connection.get()), purpose));
        if (typed) {
            parameters.set("password", *typed);
            connection = open(parameters);
        }
    }
    if (PQstatus(connection.get()) != CONNECTION_OK)
        fail_connect(connection.get(), purpose, replication,
                     manners_.tell_rejection && failed_at_once ? refusal_of(connection.get(), parameters) : Refusal::none);
    return std::make_unique<LibpqSession>(std::move(connection), replication, manners_.answer_limit);
}

bool LibpqDatabase::answers(const conninfo::Parameters& parameters) {
    const conninfo::Parameters limited = with_limits(parameters);
    const Arrays arrays(limited);
    const PGPing result = PQpingParams(arrays.keywords.data(), arrays.values.data(), 1);
    return result == PQPING_OK || result == PQPING_REJECT;
}

}  // namespace real
