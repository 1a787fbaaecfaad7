#include "tool/status_report.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tool/check_report.hpp"

namespace {

using world::Rows;
using world::Value;

const std::vector<std::string> node_columns = {
    "role",         "server_version",     "system_identifier",        "timeline",        "current_lsn",
    "receive_lsn",  "replay_lsn",         "replay_pause_state",       "receiver_status", "sender_host",
    "sender_port",  "receiver_slot_name", "last_message_time",        "cluster_name",    "pending_restart",
    "archive_mode", "last_archived_time", "last_failed_time",         "failed_count",    "health",
    "reason",       "unreplayed_bytes",   "synchronous_standby_names"};

Rows primary(const char* health = "ok") {
    Rows rows{node_columns,
              {std::vector<Value>(node_columns.size())},
              std::vector<unsigned>(node_columns.size(), 25)};
    const auto set = [&rows](const char* column, const char* value) {
        for (std::size_t i = 0; i < node_columns.size(); ++i)
            if (node_columns[i] == column) rows.rows[0][i] = value;
    };
    set("role", "primary");
    set("server_version", "15.20");
    set("system_identifier", "7");
    set("timeline", "1");
    set("current_lsn", "0/3000060");
    set("archive_mode", "off");
    set("pending_restart", "{}");
    set("health", health);
    set("reason", "a primary");
    return rows;
}

Rows standbys(std::vector<std::vector<Value>> rows) {
    return {{"application_name", "client_addr", "state", "sync_state", "replay_lag", "replay_lag_bytes",
             "slot_name", "retained_bytes", "health", "reason"},
            std::move(rows),
            {25, 869, 25, 25, 1186, 20, 19, 20, 25, 25}};
}

std::vector<Value> standby(const char* health) {
    return {"s1", "10.0.0.2", "streaming", "async", "00:00:00", "0", "s1", "1536", health, "why"};
}

}  // namespace

TEST(StatusReport, ShowsTheNodeAndItsStandbys) {
    EXPECT_EQ(status_report::text(primary(), standbys({standby("ok")}), 0),
              "role    primary, PostgreSQL 15.20\n"
              "health  ok: a primary\n"
              "system  7, timeline 1\n"
              "WAL     0/3000060\n"
              "\n"
              "health  standby  address   state      sync   lag      delay     slot  slot keeps\n"
              "ok      s1       10.0.0.2  streaming  async  0 bytes  00:00:00  s1    1.5 kB\n");
}

TEST(StatusReport, SaysWhyAStandbyIsNotWellAndUnknownIsNotZero) {
    const Rows absent = standbys({{{}, {}, {}, {}, {}, {}, "s2", {}, "critical", "absent"}});
    EXPECT_NE(status_report::text(primary(), absent, 0)
                  .find("critical  -        -        -      -     unknown  unknown  s2    -\n    absent\n"),
              std::string::npos);
}

TEST(StatusReport, SaysWhenThereAreNoStandbys) {
    EXPECT_NE(status_report::text(primary(), standbys({}), 80).find("\n\nno standbys\n"), std::string::npos);
}

TEST(StatusReport, EndsInTheWorstHealth) {
    EXPECT_EQ(status_report::worst(primary(), standbys({standby("ok")})), ExitCode::ok);
    EXPECT_EQ(status_report::worst(primary("warning"), standbys({standby("ok")})), ExitCode::warning);
    EXPECT_EQ(status_report::worst(primary("warning"), standbys({standby("unknown")})), ExitCode::unknown);
    EXPECT_EQ(status_report::worst(primary("unknown"), standbys({standby("critical")})), ExitCode::critical);
    EXPECT_EQ(status_report::worst(primary(), standbys({standby("of tomorrow")})), ExitCode::unknown);
}

TEST(StatusReport, AsJsonHasTheColumnsOfTheViews) {
    const auto json = nlohmann::json::parse(status_report::json(primary(), standbys({standby("ok")})));
    EXPECT_EQ(json["schema_version"], 1);
    EXPECT_EQ(json["node"]["role"], "primary");
    EXPECT_TRUE(json["node"]["receive_lsn"].is_null());
    EXPECT_EQ(json["standbys"][0]["retained_bytes"], 1536);
    EXPECT_EQ(json["standbys"][0]["replay_lag"], 0.0);
    EXPECT_TRUE(nlohmann::json::parse(status_report::json(primary(), standbys({})))["standbys"].is_array());
}

TEST(CheckReport, ShowsHintsBelowWhatIsNotOkAndCounts) {
    const Rows checks{{"name", "status", "detail", "hint"},
                      {{"wal_level", "ok", "replica", "not shown"},
                       {"slots", "warning", "1 free", "drop one"},
                       {"senders", "error", "none free", "ALTER SYSTEM ..."}},
                      {25, 25, 25, 25}};
    EXPECT_EQ(check_report::text(checks, 0),
              "status   check      detail\n"
              "ok       wal_level  replica\n"
              "warning  slots      1 free\n"
              "    drop one\n"
              "error    senders    none free\n"
              "    ALTER SYSTEM ...\n"
              "\n"
              "3 checks: 1 ok, 1 warning, 1 error\n");
    EXPECT_EQ(check_report::verdict(checks), ExitCode::precondition);
    EXPECT_EQ(nlohmann::json::parse(check_report::json(checks))["checks"][2]["status"], "error");
}

TEST(CheckReport, WarningsDoNotStandInTheWay) {
    const Rows checks{
        {"name", "status", "detail", "hint"}, {{"slots", "warning", "1 free", {}}}, {25, 25, 25, 25}};
    EXPECT_EQ(check_report::verdict(checks), ExitCode::ok);
    EXPECT_EQ(check_report::verdict({{"name", "status", "detail", "hint"}, {{"x", {}, {}, {}}}}),
              ExitCode::precondition);
}
