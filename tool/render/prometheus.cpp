#include "tool/render/prometheus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/lsn.hpp"
#include "tool/render/json.hpp"

namespace render {

namespace {

using Labels = std::vector<std::pair<const char*, std::string>>;
using Number = std::optional<double>;

struct Sample {
    std::string labels;
    double value;
};

// All samples of one metric; HELP and TYPE once, before them.
struct Metric {
    const char *name, *type, *help;
    std::vector<Sample> samples = {};
};

std::string text_of(const Labels& labels) {
    std::string text;
    for (const auto& [name, value] : labels) text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", name, label_value(value));
    return "{" + text + "}";
}

// Unknown is a worse health than its number says.
double rank(const Metric& metric, double value) {
    return std::string_view(metric.name).find("health") != std::string_view::npos && value >= 2 ? 5 - value : value;
}

void add(Metric& metric, const Labels& labels, const Number& value) {
    if (!value) return;
    const std::string text = text_of(labels);
    for (Sample& sample : metric.samples) {
        if (sample.labels != text) continue;
        if (rank(metric, *value) > rank(metric, sample.value)) sample.value = *value;
        return;
    }
    metric.samples.push_back({text, *value});
}

std::string number_text(double value) {
    return value == std::floor(value) && std::fabs(value) < 1e15 ? fmt::format("{:.0f}", value) : fmt::format("{}", value);
}

void append(std::string& text, const Metric& metric) {
    if (metric.samples.empty()) return;
    text += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", metric.name, metric.help, metric.type);
    for (const Sample& sample : metric.samples) text += fmt::format("{}{} {}\n", metric.name, sample.labels, number_text(sample.value));
}

Number lsn_number(const Value& lsn) {
    const auto position = lsn::parse(lsn.value_or(""));
    return position ? Number(static_cast<double>(*position)) : std::nullopt;
}

Number is(const Value& value, const char* wanted) { return value ? Number(*value == wanted ? 1 : 0) : std::nullopt; }

// What is known of a view by one rule each: the metric, and its value in a row.
struct Rule {
    Metric metric;
    Number (*value)(const Record&);
};

std::vector<Rule> node_rules() {
    return {
        {{"pg_replica_in_recovery", "gauge", "1 on a standby, 0 on a primary."}, [](const Record& r) { return is(r("role"), "standby"); }},
        {{"pg_replica_timeline", "gauge", "Timeline that the server writes or receives."}, [](const Record& r) { return r.number("timeline"); }},
        {{"pg_replica_current_lsn_bytes", "gauge", "End of WAL on a primary, in bytes since the start of the log."}, [](const Record& r) { return lsn_number(r("current_lsn")); }},
        {{"pg_replica_receive_lsn_bytes", "gauge", "WAL received on a standby, in bytes since the start of the log."}, [](const Record& r) { return lsn_number(r("receive_lsn")); }},
        {{"pg_replica_replay_lsn_bytes", "gauge", "WAL replayed on a standby, in bytes since the start of the log."}, [](const Record& r) { return lsn_number(r("replay_lsn")); }},
        {{"pg_replica_unreplayed_bytes", "gauge", "WAL received and not replayed."}, [](const Record& r) { return r.number("unreplayed_bytes"); }},
        {{"pg_replica_replay_paused", "gauge", "1 while replay is paused on a standby."}, [](const Record& r) { return is(r("replay_pause_state"), "paused"); }},
        {{"pg_replica_receiver_streaming", "gauge", "1 while the WAL receiver of a standby streams."},
         [](const Record& r) { return r("role") != "standby" || r("health") == "unknown" ? std::nullopt : Number(r("receiver_status") == "streaming" ? 1 : 0); }},
        {{"pg_replica_archive_failures_total", "counter", "Failed attempts to archive a WAL file."}, [](const Record& r) { return r.number("failed_count"); }},
    };
}

std::vector<Rule> standby_rules() {
    return {
        {{"pg_replica_standby_health", "gauge", "Health of a standby: 0 ok, 1 warning, 2 critical, 3 unknown."}, [](const Record& r) { return Number(code(level(r("health")))); }},
        {{"pg_replica_standby_streaming", "gauge", "1 while a session of the standby streams."},
         [](const Record& r) { return r("health") == "unknown" ? std::nullopt : Number(r("state") == "streaming" ? 1 : 0); }},
        {{"pg_replica_standby_replay_lag_bytes", "gauge", "WAL that the standby has not replayed."}, [](const Record& r) { return r.number("replay_lag_bytes"); }},
        {{"pg_replica_standby_write_lag_seconds", "gauge", "Time until WAL is written on the standby."}, [](const Record& r) { return r.number("write_lag"); }},
        {{"pg_replica_standby_flush_lag_seconds", "gauge", "Time until WAL is flushed on the standby."}, [](const Record& r) { return r.number("flush_lag"); }},
        {{"pg_replica_standby_replay_lag_seconds", "gauge", "Time until WAL is replayed on the standby."}, [](const Record& r) { return r.number("replay_lag"); }},
    };
}

std::vector<Rule> slot_rules() {
    return {
        {{"pg_replica_slot_active", "gauge", "1 while somebody streams from the slot."}, [](const Record& r) { return is(r("active"), "t"); }},
        {{"pg_replica_slot_lost", "gauge", "1 when WAL that the slot needs is gone."}, [](const Record& r) { return is(r("wal_status"), "lost"); }},
        {{"pg_replica_slot_retained_bytes", "gauge", "WAL that the slot keeps from being removed."}, [](const Record& r) { return r.number("retained_bytes"); }},
        {{"pg_replica_slot_safe_bytes", "gauge", "WAL that can be written before the slot may lose WAL."}, [](const Record& r) { return r.number("safe_wal_size"); }},
        {{"pg_replica_slot_full_in_seconds", "gauge", "Time until the slot reaches its bound or fills the disk, if nobody streams from it."}, [](const Record& r) { return r.number("time_to_full"); }},
    };
}

template <class LabelsOf>
void apply(std::vector<Rule>& rules, const Grid& grid, LabelsOf labels_of) {
    for (std::size_t i = 0; i < size(grid); ++i)
        for (Rule& rule : rules) add(rule.metric, labels_of(Record{grid, i}), rule.value({grid, i}));
}

Labels info_labels(const Server& server, const Record& node) {
    return {{"server", server.name}, {"role", node.text("role")}, {"version", node.text("server_version")},
            {"system_identifier", node.text("system_identifier")}, {"cluster_name", node.text("cluster_name")}};
}

// What every server has, also one that could not be read.
std::string servers_text(const std::vector<Server>& servers, double now) {
    Metric up{"pg_replica_up", "gauge", "1 when the server could be read."};
    Metric health{"pg_replica_health", "gauge", "Worst health of the server and its standbys: 0 ok, 1 warning, 2 critical, 3 unknown."};
    Metric node{"pg_replica_node_health", "gauge", "Health of the server itself: 0 ok, 1 warning, 2 critical, 3 unknown."};
    Metric info{"pg_replica_info", "gauge", "What the server is; always 1."};
    Metric time{"pg_replica_read_timestamp_seconds", "gauge", "When the server was asked, in seconds since 1970."};
    for (const Server& server : servers) {
        const Labels labels{{"server", server.name}};
        add(up, labels, server.error ? 0 : 1);
        add(health, labels, code(worst(server)));
        add(node, labels, code(subjects(server).at(0).verdict.level));
        if (size(server.node) > 0) add(info, info_labels(server, {server.node, 0}), 1);
        add(time, labels, now);
    }
    std::string text;
    for (const Metric* metric : {&up, &health, &node, &info, &time}) append(text, *metric);
    return text;
}

}  // namespace

std::string label_value(std::string_view text) {
    // nlohmann's writer replaces what is not UTF-8; its quotes are taken off again
    const std::string valid = Json::parse(Json(std::string(text)).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>();
    std::string result;
    for (const char c : valid) result += c == '\n' ? "\\n" : c == '\\' || c == '"' ? std::string("\\") + c : std::string(1, c);
    return result;
}

std::string prometheus(const std::vector<Server>& servers, double now) {
    auto nodes = node_rules(), standbys = standby_rules(), slots = slot_rules();
    for (const Server& server : servers) {
        apply(nodes, server.node, [&](const Record&) { return Labels{{"server", server.name}}; });
        apply(standbys, server.standbys, [&](const Record& r) {
            return Labels{{"server", server.name}, {"standby", r.text("application_name")},
                          {"address", r.text("client_addr")}, {"slot", r.text("slot_name")}};
        });
        apply(slots, server.slots, [&](const Record& r) {
            return Labels{{"server", server.name}, {"slot", r.text("slot_name")}, {"type", r.text("slot_type")}};
        });
    }
    std::string text = servers_text(servers, now);
    for (const auto* rules : {&nodes, &standbys, &slots})
        for (const Rule& rule : *rules) append(text, rule.metric);
    return text;
}

}  // namespace render
