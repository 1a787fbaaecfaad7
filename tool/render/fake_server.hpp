// Servers as the tests of the formats see them.
#pragma once

#include "tool/render/server.hpp"

namespace fake {

using render::Value;

inline render::Grid node_grid(const char* health = "ok") {
    return {{"role", "server_version", "system_identifier", "timeline", "current_lsn", "receive_lsn", "archive_mode",
             "pending_restart", "cluster_name", "failed_count", "unreplayed_bytes", "health", "reason"},
            {25, 25, 20, 23, 3220, 3220, 25, 1009, 25, 20, 20, 25, 25},
            {{"primary", "15.20", "7711420400366035130", "1", "0/3000060", {}, "off", "{}", "", "0", {}, health, "a primary"}}};
}

inline std::vector<Value> standby_row(const char* health, Value name = "s1", Value lag = "0") {
    return {std::move(name), "10.0.0.2", "streaming", "async", "00:00:01.5", std::move(lag), "s1", "1536", health, "why"};
}

inline render::Server primary(const char* health = "ok", std::vector<std::vector<Value>> standbys = {}) {
    render::Server server;
    server.name = "db:5432";
    server.node = node_grid(health);
    server.standbys = {{"application_name", "client_addr", "state", "sync_state", "replay_lag", "replay_lag_bytes", "slot_name",
                        "retained_bytes", "health", "reason"},
                       {25, 869, 25, 25, 1186, 20, 19, 20, 25, 25},
                       std::move(standbys)};
    server.slots = {{"slot_name", "slot_type", "active", "wal_status", "retained_bytes", "safe_wal_size"},
                    {19, 25, 16, 25, 20, 20},
                    {{"s1", "physical", "t", "reserved", "1536", {}}}};
    return server;
}

inline render::Server unreachable() {
    render::Server server;
    server.name = "gone:5432";
    server.error = core::Error("08006", "cannot connect to the server", "connection refused", "Start it.");
    server.error_level = health::Level::critical;
    return server;
}

}  // namespace fake
