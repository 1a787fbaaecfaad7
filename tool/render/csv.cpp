#include "tool/render/csv.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "tool/render/json.hpp"

namespace render {

namespace {

// The columns after server and kind, named as in the views.
constexpr std::array<const char*, 28> shown = {
    "name",           "health",          "reason",          "role",          "server_version",   "system_identifier",
    "client_addr",    "state",           "sync_state",      "timeline",      "current_lsn",      "receive_lsn",
    "replay_lsn",     "write_lag",       "flush_lag",       "replay_lag",    "replay_lag_bytes", "unreplayed_bytes",
    "receiver_status", "replay_pause_state", "failed_count", "slot_name",    "slot_type",        "active",
    "wal_status",     "retained_bytes",  "safe_wal_size",   "time_to_full"};

// Seconds for intervals, true and false for booleans, everything else as the server wrote it.
Value plain(const Record& record, std::string_view column) {
    const Value& text = record(column);
    if (!text) return text;
    const Json value = json_value(record.type(column), text);
    return value.is_string() || value.is_array() ? *text : value.dump();
}

Value cell(const Record& record, std::string_view column, const Value& name) {
    return column == "name" ? name : plain(record, column);
}

void append_line(std::string& text, const std::vector<Value>& fields) {
    for (std::size_t i = 0; i < fields.size(); ++i) text.append(i == 0 ? "" : ",").append(csv_field(fields[i]));
    text.append("\r\n");
}

void append_record(std::string& text, const Server& server, const char* kind, const Record& record, const Value& name) {
    std::vector<Value> fields{server.name, kind};
    for (const char* column : shown) fields.push_back(cell(record, column, name));
    append_line(text, fields);
}

void append_failure(std::string& text, const Server& server) {
    const health::Verdict verdict = subjects(server).at(0).verdict;
    std::vector<Value> fields{server.name, "node", server.name, std::string(health::text(verdict.level)), verdict.reason};
    fields.resize(shown.size() + 2);
    append_line(text, fields);
}

void append_server(std::string& text, const Server& server) {
    if (server.error) return append_failure(text, server);
    for (std::size_t i = 0; i < size(server.node); ++i)
        append_record(text, server, "node", {server.node, i}, server.name);
    for (std::size_t i = 0; i < size(server.standbys); ++i)
        append_record(text, server, "standby", {server.standbys, i}, Record{server.standbys, i}("application_name"));
    for (std::size_t i = 0; i < size(server.slots); ++i)
        append_record(text, server, "slot", {server.slots, i}, Record{server.slots, i}("slot_name"));
}

}  // namespace

std::string csv_field(const Value& value) {
    if (!value) return "";
    const bool spaced = !value->empty() && (value->front() == ' ' || value->back() == ' ');
    if (!value->empty() && !spaced && value->find_first_of(",\"\r\n") == std::string::npos) return *value;
    std::string quoted = "\"";
    for (const char c : *value) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + "\"";
}

std::string csv(const std::vector<Server>& servers) {
    std::vector<Value> header{"server", "kind"};
    header.insert(header.end(), shown.begin(), shown.end());
    std::string text;
    append_line(text, header);
    for (const Server& server : servers) append_server(text, server);
    return text;
}

}  // namespace render
