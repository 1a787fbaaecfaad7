#include "tool/probe.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "tool/extension_guard.hpp"
#include "tool/failure.hpp"

namespace probe {

namespace {

// libpq takes less than 2 for 2
constexpr int least_connect_timeout = 2;

std::string first_of(const conninfo::Parameters& parameters, std::initializer_list<const char*> keywords,
                     const char* variable, const char* otherwise) {
    for (const char* keyword : keywords)
        if (parameters.has(keyword)) return parameters.get(keyword);
    const char* value = std::getenv(variable);
    return value != nullptr && *value != '\0' ? value : otherwise;
}

std::string name_of(const conninfo::Parameters& parameters) {
    if (parameters.has("service") && !parameters.has("host")) return parameters.get("service");
    return fmt::format("{}:{}", first_of(parameters, {"host", "hostaddr"}, "PGHOST", "local"),
                       first_of(parameters, {"port"}, "PGPORT", "5432"));
}

render::Grid grid_of(world::Rows rows) { return {std::move(rows.columns), std::move(rows.types), std::move(rows.rows)}; }

world::Rows ask_node(world::Session& session, const Question& question) {
    if (!question.thresholds) return session.query("SELECT * FROM replica.node");
    return session.query("SELECT * FROM replica.describe_node(warning_bytes => $1::bigint, critical_bytes => $2::bigint)",
                         {std::to_string(question.thresholds->warning_bytes), std::to_string(question.thresholds->critical_bytes)});
}

world::Rows ask_standbys(world::Session& session, const Question& question) {
    if (!question.thresholds) return session.query("SELECT * FROM replica.standbys");
    return session.query("SELECT * FROM replica.list_standbys(warning_bytes => $1::bigint, critical_bytes => $2::bigint, "
                         "silence_seconds => $3::integer)",
                         {std::to_string(question.thresholds->warning_bytes), std::to_string(question.thresholds->critical_bytes),
                          fmt::format("{:.0f}", question.thresholds->silence_seconds)});
}

std::optional<render::Blocker> ask_blocker(world::Session& session, const render::Server& server) {
    const render::Value process = size(server.node) == 0 ? std::nullopt : render::Record{server.node, 0}("replay_blocker_pid");
    if (!process) return std::nullopt;
    try {
        // without the right to see a session, its state is NULL and its query a text that says so
        const world::Rows rows = session.query(
            "SELECT state, CASE WHEN state IS NOT NULL THEN left(query, 500) END AS query FROM pg_stat_activity WHERE pid = $1::integer", {process});
        if (rows.rows.empty()) return std::nullopt;
        return render::Blocker{*process, rows.at(0, "state").value_or(""), rows.at(0, "query")};
    } catch (const core::Error&) {
        // a text in the encoding of another database may not be convertible; a lost connection is noticed elsewhere
        return render::Blocker{*process, "", std::nullopt};
    }
}

}  // namespace

Probe::Probe(world::Database& database, conninfo::Parameters parameters, world::Prompt prompt, Question question)
    : database_(database), parameters_(std::move(parameters)), prompt_(prompt), question_(std::move(question)), name_(name_of(parameters_)) {
    if (!parameters_.has("connect_timeout"))
        parameters_.set("connect_timeout", std::to_string(std::max<int>(least_connect_timeout, static_cast<int>(question_.patience.count()))));
    login_ = parameters_;
}

void Probe::connect() {
    session_ = database_.connect(parameters_, "the server", prompt_);
    session_->answer_within(question_.patience);
    // a password that was typed is not asked for again
    if (!session_->password().empty()) parameters_.set("password", session_->password());
    login_ = parameters_;
    const conninfo::Parameters in_effect = session_->parameters();
    for (const auto& [keyword, value] : in_effect.pairs()) login_.set(keyword, value);
    extension_guard::require(*session_, "the server");
}

render::Server Probe::read() {
    if (!session_) connect();
    render::Server server;
    server.name = name_;
    server.node = grid_of(ask_node(*session_, question_));
    server.standbys = grid_of(ask_standbys(*session_, question_));
    if (question_.blocker) server.blocker = ask_blocker(*session_, server);
    if (question_.slots) server.slots = grid_of(session_->query("SELECT * FROM replica.slots"));
    return server;
}

render::Server Probe::failed(const core::Error& error) {
    session_.reset();
    const auto* failure = dynamic_cast<const Failure*>(&error);
    render::Server server;
    server.name = name_;
    server.error = error;
    server.error_level = level_of(error);
    server.lacks_extension = failure != nullptr && failure->code == ExitCode::precondition;
    if (error.sqlstate == core::sqlstate::insufficient_privilege)
        server.error->hint = "Run on the primary: GRANT pg_monitor TO the role that you log in as.";
    return server;
}

render::Server Probe::look() {
    const bool kept = session_ != nullptr;
    const auto begin = std::chrono::steady_clock::now();
    try {
        return read();
    } catch (const core::Error& error) {
        const render::Server server = failed(error);
        // a session from before a restart is lost at once; one that does not answer has taken its time
        const bool at_once = std::chrono::steady_clock::now() - begin < std::chrono::seconds(1);
        if (!kept || !at_once || server.error_level != health::Level::critical) return server;
    }
    return look();
}

health::Level level_of(const core::Error& error) {
    // 57P01 to 57P03: it stops, has crashed, or does not accept connections yet
    const bool down = error.sqlstate == core::sqlstate::connection_failure || error.sqlstate.substr(0, 4) == "57P0";
    return down ? health::Level::critical : health::Level::unknown;
}

}  // namespace probe
