#include "tool/status_report.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tool/check_report.hpp"
#include "tool/render/csv.hpp"
#include "tool/render/fake_server.hpp"
#include "tool/render/nagios.hpp"
#include "tool/render/prometheus.hpp"
#include "tool/world.hpp"

namespace {

using fake::primary;
using fake::standby_row;
using world::Rows;

}  // namespace

TEST(StatusReport, ShowsTheNodeAndItsStandbys) {
    EXPECT_EQ(status_report::text({primary("ok", {standby_row("ok")})}, {}),
              "role    primary, PostgreSQL 15.20\n"
              "health  ok: a primary\n"
              "system  7711420400366035130, timeline 1\n"
              "WAL     0/3000060\n"
              "\n"
              "health  standby  address   state      sync   lag      delay       slot  slot keeps\n"
              "ok      s1       10.0.0.2  streaming  async  0 bytes  00:00:01.5  s1    1.5 kB\n");
}

TEST(StatusReport, SaysWhyAStandbyIsNotWellAndUnknownIsNotZero) {
    EXPECT_NE(status_report::text({primary("ok", {{{}, {}, {}, {}, {}, {}, "s2", {}, "critical", "absent"}})}, {})
                  .find("critical  -        -        -      -     unknown  unknown  s2    -\n    absent\n"),
              std::string::npos);
}

TEST(StatusReport, SaysAboveTheTableThatAStandbyIsWorse) {
    EXPECT_NE(status_report::text({primary("ok", {standby_row("ok"), standby_row("critical")})}, {}).find("\nhealth  ok: a primary; its standbys: critical\n"),
              std::string::npos);
    EXPECT_NE(status_report::text({primary("warning", {standby_row("warning")})}, {}).find("\nhealth  warning: a primary\n"), std::string::npos);
}

TEST(StatusReport, SaysWhenThereAreNoStandbys) {
    EXPECT_NE(status_report::text({primary()}, {80, false}).find("\n\nno standbys\n"), std::string::npos);
}

TEST(StatusReport, ShowsMoreWhenAskedFor) {
    const std::string text = status_report::text({primary("ok", {standby_row("ok")})}, {0, true});
    EXPECT_NE(text.find("timeline  replayed"), std::string::npos);
    EXPECT_NE(text.find("\ns1    physical  unknown  reserved  1.5 kB  no bound  unknown\n"), std::string::npos);
}

TEST(StatusReport, ShowsTheQueryThatReplayWaitsForInOneLine) {
    render::Server server = primary();
    server.blocker = render::Blocker{"4711", "active", "SELECT 1;\n\x1b[2JDROP " + std::string(200, 'x')};
    const auto line = [&](std::size_t width) {
        const std::string text = status_report::text({server}, {width, true});
        const std::size_t at = text.find("blocking query");
        return at == std::string::npos ? text : text.substr(at, text.find('\n', at) - at);
    };
    EXPECT_EQ(line(0), "blocking query  process 4711, active: SELECT 1; \\x1b[2JDROP " + std::string(95, 'x') + "...");
    EXPECT_EQ(line(80), "blocking query  process 4711, active: SELECT 1; \\x1b[2JDROP xxxxxxxxxxxxx...");
    server.blocker->query = std::nullopt;
    server.blocker->state = "";
    EXPECT_EQ(line(0), "blocking query  process 4711: its query is not visible to this role");
}

TEST(StatusReport, NoOtherFormatShowsAQuery) {
    render::Server server = primary("ok", {standby_row("ok")});
    server.blocker = render::Blocker{"4711", "active", "SELECT 'a secret'"};
    for (const std::string& text : {status_report::json({server}), render::csv({server}), render::nagios({server}, {}), render::prometheus({server}, 1)})
        EXPECT_EQ(text.find("secret"), std::string::npos);
}

TEST(StatusReport, NamesServersWhenThereAreSeveralAndWhatMendsTheOneThatFailed) {
    const std::string text = status_report::text({primary(), fake::unreachable()}, {});
    EXPECT_EQ(text.substr(0, 16), "server  db:5432\n");
    EXPECT_NE(text.find("\n\nserver  gone:5432\nhealth  critical: cannot connect to the server\n"
                        "detail  connection refused\nhint    Start it.\n"),
              std::string::npos);
}

TEST(StatusReport, EndsInTheWorstHealth) {
    using health::Level;
    EXPECT_EQ(worst(primary("ok", {standby_row("ok")})), Level::ok);
    EXPECT_EQ(worst(primary("warning", {standby_row("ok")})), Level::warning);
    EXPECT_EQ(worst(primary("warning", {standby_row("unknown")})), Level::unknown);
    EXPECT_EQ(worst(primary("unknown", {standby_row("critical")})), Level::critical);
    EXPECT_EQ(worst(primary("ok", {standby_row("of tomorrow")})), Level::unknown);
    EXPECT_EQ(worst(std::vector<render::Server>{primary(), fake::unreachable()}), Level::critical);
    EXPECT_EQ(render::code(Level::unknown), 3);
    EXPECT_EQ(render::code(Level::critical), 2);
}

TEST(StatusReport, AsJsonHasTheColumnsOfTheViews) {
    const auto json = nlohmann::json::parse(status_report::json({primary("warning", {standby_row("ok")}), fake::unreachable()}));
    EXPECT_EQ(json["schema_version"], 2);
    EXPECT_EQ(json["health"], "critical");
    const auto& server = json["servers"][0];
    EXPECT_EQ(server["server"], "db:5432");
    EXPECT_EQ(server["reason"], "a primary");
    EXPECT_EQ(server["node"]["role"], "primary");
    EXPECT_TRUE(server["node"]["receive_lsn"].is_null());
    EXPECT_EQ(server["standbys"][0]["retained_bytes"], 1536);
    EXPECT_EQ(server["standbys"][0]["replay_lag"], 1.5);
    EXPECT_EQ(server["slots"][0]["active"], true);
    EXPECT_TRUE(json["servers"][1]["node"].is_null());
    EXPECT_EQ(json["servers"][1]["error"]["hint"], "Start it.");
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
