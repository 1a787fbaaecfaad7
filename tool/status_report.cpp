#include "tool/status_report.hpp"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "tool/render/json.hpp"
#include "tool/render/progress.hpp"
#include "tool/render/table.hpp"

namespace status_report {

namespace {

// "{a,b}", as the server prints an array of setting names -> "a, b"
std::string list_of(std::string_view array) {
    std::string text;
    for (const char c : array.substr(1, array.size() - 2)) text += c == ',' ? std::string(", ") : std::string(1, c);
    return text;
}

using world::Rows;
using world::Value;
using Facts = std::vector<std::pair<std::string, std::string>>;

// A row of a view, read by column name.
struct Row {
    const Rows& rows;
    std::size_t number;

    const Value& operator()(const char* column) const { return rows.at(number, column); }
    std::string text(const char* column, const char* otherwise) const {
        return (*this)(column).value_or(otherwise);
    }
};

std::string size(const Value& value, const char* otherwise) {
    std::int64_t bytes = 0;
    if (!value) return otherwise;
    const auto [end, failure] = std::from_chars(value->data(), value->data() + value->size(), bytes);
    if (failure != std::errc{} || *end != '\0') return *value;
    const std::string pretty = render::bytes(static_cast<std::uint64_t>(bytes < 0 ? -bytes : bytes));
    return bytes < 0 ? "-" + pretty : pretty;
}

std::string role_line(const Row& node) {
    std::string line =
        fmt::format("{}, PostgreSQL {}", node.text("role", "unknown"), node.text("server_version", "?"));
    if (!node.text("cluster_name", "").empty())
        line += fmt::format(", cluster_name {}", *node("cluster_name"));
    return line;
}

std::string wal_line(const Row& node) {
    if (node("role") == "primary") return node.text("current_lsn", "unknown");
    return fmt::format("received {}, replayed {}, {} to replay", node.text("receive_lsn", "unknown"),
                       node.text("replay_lsn", "unknown"), size(node("unreplayed_bytes"), "unknown"));
}

std::string receiver_line(const Row& node) {
    if (!node("receiver_status")) return "none";
    std::string line = fmt::format("{} from {}:{}", *node("receiver_status"), node.text("sender_host", "?"),
                                   node.text("sender_port", "?"));
    if (node("receiver_slot_name")) line += fmt::format(", slot {}", *node("receiver_slot_name"));
    if (node("last_message_time")) line += fmt::format(", last message {}", *node("last_message_time"));
    return line;
}

std::string archive_line(const Row& node) {
    return fmt::format("{}, last success {}, {} failures, last {}", *node("archive_mode"),
                       node.text("last_archived_time", "never"), node.text("failed_count", "unknown"),
                       node.text("last_failed_time", "never"));
}

bool is_set(const Value& value, const char* nothing) { return value && !value->empty() && *value != nothing; }

Facts node_facts(const Row& node) {
    Facts facts{{"role", role_line(node)},
                {"health", fmt::format("{}: {}", node.text("health", "unknown"), node.text("reason", ""))},
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

render::TableRow standby_row(const Row& standby) {
    render::TableRow row{
        {standby.text("health", "unknown"), standby.text("application_name", "-"),
         standby.text("client_addr", "-"), standby.text("state", "-"), standby.text("sync_state", "-"),
         size(standby("replay_lag_bytes"), "unknown"), standby.text("replay_lag", "unknown"),
         standby.text("slot_name", "-"), size(standby("retained_bytes"), "-")},
        {}};
    if (standby("health") != "ok") row.notes.push_back(standby.text("reason", ""));
    return row;
}

std::string standby_table(const Rows& standbys, const Value& role, std::size_t width) {
    if (standbys.rows.empty())
        return role == "primary" ? "no standbys\n" : "no standbys follow this standby\n";
    render::Table table{
        {"health", "standby", "address", "state", "sync", "lag", "delay", "slot", "slot keeps"}, {}};
    for (std::size_t i = 0; i < standbys.rows.size(); ++i) table.rows.push_back(standby_row({standbys, i}));
    return render::table(table, width);
}

// From best to worst.
int severity(const Value& health) {
    if (health == "ok") return 0;
    if (health == "warning") return 1;
    return health == "critical" ? 3 : 2;
}

int worst_of(const Rows& rows) {
    int worst = 0;
    for (std::size_t i = 0; i < rows.rows.size(); ++i)
        worst = std::max(worst, severity(rows.at(i, "health")));
    return worst;
}

}  // namespace

std::string text(const Rows& node, const Rows& standbys, std::size_t width) {
    return render::facts(node_facts({node, 0}), width) + "\n" +
           standby_table(standbys, node.at(0, "role"), width);
}

std::string json(const Rows& node, const Rows& standbys) {
    return render::json_text(
        {{"schema_version", 1},
         {"node", render::json_rows(node.columns, node.types, node.rows).at(0)},
         {"standbys", render::json_rows(standbys.columns, standbys.types, standbys.rows)}});
}

ExitCode worst(const Rows& node, const Rows& standbys) {
    static constexpr ExitCode codes[] = {ExitCode::ok, ExitCode::warning, ExitCode::unknown,
                                         ExitCode::critical};
    return codes[std::max(worst_of(node), worst_of(standbys))];
}

}  // namespace status_report
