#include "tool/status_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "tool/render/json.hpp"
#include "tool/render/progress.hpp"
#include "tool/render/table.hpp"
#include "tool/render/text.hpp"
#include "tool/slot_report.hpp"
#include "tool/status_tree.hpp"

namespace status_report {

namespace {

// "{a,b}", as the server prints an array of setting names -> "a, b"
std::string list_of(std::string_view array) {
    std::string text;
    for (const char c : array.substr(1, array.size() - 2)) text += c == ',' ? std::string(", ") : std::string(1, c);
    return text;
}

using render::Record;
using render::Server;
using render::Value;
using Facts = std::vector<std::pair<std::string, std::string>>;

std::string pretty(const Value& value, const char* otherwise) {
    std::int64_t bytes = 0;
    if (!value) return otherwise;
    const auto [end, failure] = std::from_chars(value->data(), value->data() + value->size(), bytes);
    if (failure != std::errc{} || *end != '\0') return *value;
    const std::string text = render::bytes(static_cast<std::uint64_t>(bytes < 0 ? -bytes : bytes));
    return bytes < 0 ? "-" + text : text;
}

std::string role_line(const Record& node) {
    std::string line =
        fmt::format("{}, PostgreSQL {}", node.text("role", "unknown"), node.text("server_version", "?"));
    if (!node.text("cluster_name", "").empty())
        line += fmt::format(", cluster_name {}", *node("cluster_name"));
    return line;
}

std::string wal_line(const Record& node) {
    if (node("role") == "primary") return node.text("current_lsn", "unknown");
    return fmt::format("received {}, replayed {}, {} to replay", node.text("receive_lsn", "unknown"),
                       node.text("replay_lsn", "unknown"), pretty(node("unreplayed_bytes"), "unknown"));
}

std::string receiver_line(const Record& node) {
    if (!node("receiver_status")) return "none";
    std::string line = fmt::format("{} from {}:{}", *node("receiver_status"), node.text("sender_host", "?"),
                                   node.text("sender_port", "?"));
    if (node("receiver_slot_name")) line += fmt::format(", slot {}", *node("receiver_slot_name"));
    if (node("last_message_time")) line += fmt::format(", last message {}", *node("last_message_time"));
    return line;
}

std::string archive_line(const Record& node) {
    return fmt::format("{}, last success {}, {} failures, last {}", *node("archive_mode"),
                       node.text("last_archived_time", "never"), node.text("failed_count", "unknown"),
                       node.text("last_failed_time", "never"));
}

bool is_set(const Value& value, const char* nothing) { return value && !value->empty() && *value != nothing; }

// The server's own health, and that of its standbys where that is worse: it is what the exit code says.
std::string health_line(const Server& server) {
    const Record node{server.node, 0};
    const std::string own = fmt::format("{}: {}", node.text("health", "unknown"), node.text("reason", ""));
    if (worst(server) <= subjects(server).at(0).verdict.level) return own;
    return fmt::format("{}; its standbys: {}", own, health::text(worst(server)));
}

Facts node_facts(const Server& server) {
    const Record node{server.node, 0};
    Facts facts{{"role", role_line(node)},
                {"health", health_line(server)},
                {"system", fmt::format("{}, timeline {}", node.text("system_identifier", "unknown"),
                                       node.text("timeline", "unknown"))},
                {"WAL", wal_line(node)}};
    if (node("role") == "standby") facts.emplace_back("receiver", receiver_line(node));
    if (is_set(node("replay_pause_state"), "not paused"))
        facts.emplace_back("replay", *node("replay_pause_state"));
    if (is_set(node("archive_mode"), "off")) facts.emplace_back("archiving", archive_line(node));
    if (is_set(node("synchronous_standby_names"), ""))
        facts.emplace_back("synchronous", *node("synchronous_standby_names"));
    if (is_set(node("pending_restart"), "{}"))
        facts.emplace_back("restart needed for", list_of(*node("pending_restart")));
    return facts;
}

// No line of the terminal is so long that it is wrapped in the middle of a query, and none is longer than this.
std::string blocker_line(const render::Blocker& blocker, std::size_t width) {
    constexpr std::size_t longest = 120, labels = 20;
    const std::string who = fmt::format("process {}{}: ", blocker.process, blocker.state.empty() ? "" : ", " + blocker.state);
    if (!blocker.query) return who + "its query is not visible to this role";
    const std::size_t taken = labels + who.size();
    return who + render::one_line(*blocker.query, width == 0 ? longest : std::min(longest, std::max(width, taken + labels) - taken));
}

using Headings = std::vector<std::string>;

Headings standby_headings(bool verbose) {
    Headings headings{"health", "standby", "address", "state", "sync", "lag", "delay", "slot", "slot keeps"};
    if (verbose) headings.insert(headings.end(), {"timeline", "replayed", "written in", "flushed in", "last reply", "process"});
    return headings;
}

render::TableRow standby_row(const Record& standby, bool verbose) {
    render::TableRow row{{standby.text("health", "unknown"), standby.text("application_name", "-"),
                          standby.text("client_addr", "-"), standby.text("state", "-"), standby.text("sync_state", "-"),
                          pretty(standby("replay_lag_bytes"), "unknown"), standby.text("replay_lag", "unknown"),
                          standby.text("slot_name", "-"), pretty(standby("retained_bytes"), "-")},
                         {}};
    if (verbose)
        for (const char* column : {"timeline", "replay_lsn", "write_lag", "flush_lag", "reply_time", "pid"})
            row.cells.push_back(standby.text(column, "-"));
    if (standby("health") != "ok") row.notes.push_back(standby.text("reason", ""));
    return row;
}

std::string standby_table(const Server& server, const Look& look) {
    if (server.standbys.rows.empty())
        return Record{server.node, 0}("role") == "primary" ? "no standbys\n" : "no standbys follow this standby\n";
    render::Table table{standby_headings(look.verbose), {}};
    for (std::size_t i = 0; i < size(server.standbys); ++i)
        table.rows.push_back(standby_row({server.standbys, i}, look.verbose));
    return render::table(table, look.width);
}

Facts failure_facts(const Server& server) {
    Facts facts{{"server", server.name},
                {"health", fmt::format("{}: {}", health::text(server.error_level), server.error->message)}};
    if (!server.error->detail.empty()) facts.emplace_back("detail", server.error->detail);
    if (!server.error->hint.empty()) facts.emplace_back("hint", server.error->hint);
    return facts;
}

std::string block(const Server& server, bool named, const Look& look) {
    if (server.error) return render::facts(failure_facts(server), look.width);
    Facts facts = node_facts(server);
    if (server.blocker) facts.emplace_back("blocking query", blocker_line(*server.blocker, look.width));
    if (named) facts.insert(facts.begin(), {"server", server.name});
    std::string text = render::facts(facts, look.width) + "\n" + standby_table(server, look);
    if (look.verbose && size(server.slots) > 0) text += "\n" + slot_report::text(server.slots, look.width);
    return text;
}

std::string joined_reasons(const Server& server) {
    health::Findings findings;
    for (const render::Subject& subject : subjects(server))
        if (subject.verdict.level != health::Level::ok)
            findings.add(subject.verdict.level, subject.kind == render::Subject::Kind::standby
                                                    ? fmt::format("standby {}: {}", subject.name, subject.verdict.reason)
                                                    : subject.verdict.reason);
    return findings.summary(subjects(server).at(0).verdict.reason).reason;
}

render::Json rows_of(const render::Grid& grid) { return render::json_rows(grid.columns, grid.types, grid.rows); }

render::Json error_of(const Server& server) {
    if (!server.error) return nullptr;
    return {{"message", server.error->message}, {"detail", server.error->detail}, {"hint", server.error->hint}};
}

render::Json object_of(const Server& server) {
    const render::Json node = rows_of(server.node);
    return {{"server", server.name},
            {"upstream", server.upstream.empty() ? render::Json(nullptr) : render::Json(server.upstream)},
            {"health", health::text(worst(server))},
            {"reason", joined_reasons(server)},
            {"error", error_of(server)},
            {"node", node.empty() ? render::Json(nullptr) : node.at(0)},
            {"standbys", rows_of(server.standbys)},
            {"slots", rows_of(server.slots)}};
}

}  // namespace

std::string text(const std::vector<Server>& servers, const Look& look) {
    std::string text = status_tree::text(servers);
    for (const Server& server : servers) text += (text.empty() ? "" : "\n") + block(server, servers.size() > 1, look);
    return text;
}

std::string json(const std::vector<Server>& servers) {
    render::Json objects = render::Json::array();
    for (const Server& server : servers) objects.push_back(object_of(server));
    return render::json_text({{"schema_version", 2}, {"health", health::text(worst(servers))}, {"servers", objects}});
}

}  // namespace status_report
