#include <gtest/gtest.h>

#include "tool/render/csv.hpp"
#include "tool/render/fake_server.hpp"
#include "tool/render/nagios.hpp"
#include "tool/render/prometheus.hpp"

namespace {

using fake::primary;
using fake::standby_row;
using fake::unreachable;

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

int count(const std::string& text, const std::string& part) {
    int found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

}  // namespace

TEST(Csv, QuotesWhatMustBeQuotedAndTellsNullFromEmpty) {
    EXPECT_EQ(render::csv_field({}), "");
    EXPECT_EQ(render::csv_field(""), "\"\"");
    EXPECT_EQ(render::csv_field("plain"), "plain");
    EXPECT_EQ(render::csv_field("a,b"), "\"a,b\"");
    EXPECT_EQ(render::csv_field("say \"x\""), "\"say \"\"x\"\"\"");
    EXPECT_EQ(render::csv_field("two\r\nlines"), "\"two\r\nlines\"");
    EXPECT_EQ(render::csv_field(" a"), "\" a\"");
}

TEST(Csv, HasALineForEachThingAndAsManyFieldsInEach) {
    const std::string text = render::csv({primary("ok", {standby_row("warning", "a\"b")}), unreachable()});
    EXPECT_EQ(count(text, "\r\n"), 5);
    EXPECT_TRUE(holds(text, "db:5432,node,db:5432,ok,a primary,primary,15.20,7711420400366035130,"));
    EXPECT_TRUE(holds(text, "db:5432,standby,\"a\"\"b\",warning,why,"));
    EXPECT_TRUE(holds(text, ",1.5,0,"));  // an interval in seconds, then bytes
    EXPECT_TRUE(holds(text, "db:5432,slot,s1,,,"));
    EXPECT_TRUE(holds(text, "gone:5432,node,gone:5432,critical,cannot connect to the server: connection refused,"));
    int commas = -1;
    for (std::size_t from = 0, to; (to = text.find("\r\n", from)) != std::string::npos; from = to + 2) {
        const std::string line = text.substr(from, to - from);
        if (commas < 0) commas = count(line, ",");
        EXPECT_EQ(count(line, ","), commas) << line;
    }
}

TEST(Nagios, IsOneLineWithPerformanceData) {
    EXPECT_EQ(render::nagios({primary("ok", {standby_row("ok")})}, {}),
              "PG_REPLICA OK: db:5432 is a primary, 1 standby | 's1 lag'=0B;16777216;1073741824;0 's1 delay'=1.500000s;;;0 "
              "'s1 slot'=1536B;;;0\n");
}

TEST(Nagios, NamesTheWorstFirst) {
    EXPECT_EQ(render::nagios({primary("warning", {standby_row("critical", "s1", {})}), unreachable()}, {}).substr(0, 112),
              "PG_REPLICA CRITICAL: standby s1: why; gone:5432: cannot connect to the server: connection refused; db:5432: a pr");
}

TEST(Nagios, StaysOneLineWhateverNamesHold) {
    const std::string text = render::nagios({primary("ok", {standby_row("warning", "a'b=c|d\ne"), standby_row("ok", "a'b=c|d\ne")})}, {});
    EXPECT_EQ(count(text, "\n"), 1);
    EXPECT_EQ(count(text, "|"), 1);
    EXPECT_TRUE(holds(text, "'a''b_c/d\\x0ae lag'=0B"));
    EXPECT_TRUE(holds(text, "'a''b_c/d\\x0ae lag #2'=0B"));
}

TEST(Nagios, WhatIsUnknownHasNoValue) {
    const std::string text = render::nagios({primary("ok", {standby_row("unknown", "s1", {})})}, {});
    EXPECT_TRUE(holds(text, "PG_REPLICA UNKNOWN: standby s1: why | "));
    EXPECT_FALSE(holds(text, "s1 lag"));
}

TEST(Prometheus, HelpAndTypeStandOnceBeforeTheSamples) {
    const std::string text = render::prometheus({primary("ok", {standby_row("ok")}), unreachable()}, 1700000000.25);
    EXPECT_TRUE(holds(text, "# HELP pg_replica_up 1 when the server could be read.\n# TYPE pg_replica_up gauge\n"
                            "pg_replica_up{server=\"db:5432\"} 1\npg_replica_up{server=\"gone:5432\"} 0\n"));
    EXPECT_EQ(count(text, "# TYPE pg_replica_standby_health gauge\n"), 1);
    EXPECT_TRUE(holds(text, "pg_replica_health{server=\"gone:5432\"} 2\n"));
    EXPECT_TRUE(holds(text, "pg_replica_standby_replay_lag_seconds{server=\"db:5432\",standby=\"s1\",address=\"10.0.0.2\",slot=\"s1\"} 1.5\n"));
    EXPECT_TRUE(holds(text, "pg_replica_read_timestamp_seconds{server=\"db:5432\"} 1700000000.25\n"));
}

TEST(Prometheus, WhatIsUnknownHasNoSample) {
    const std::string text = render::prometheus({primary("ok", {standby_row("unknown", "s1", {})})}, 0);
    EXPECT_FALSE(holds(text, "replay_lag_bytes"));
    EXPECT_FALSE(holds(text, "pg_replica_standby_streaming"));
    EXPECT_TRUE(holds(text, "pg_replica_standby_health{server=\"db:5432\",standby=\"s1\",address=\"10.0.0.2\",slot=\"s1\"} 3\n"));
}

TEST(Prometheus, SessionsWithTheSameLabelsAreOneSeriesWithTheWorstValue) {
    const std::string text = render::prometheus(
        {primary("ok", {standby_row("critical", "s1", "5"), standby_row("unknown", "s1", "7"), standby_row("ok", "s1", "6")})}, 0);
    EXPECT_EQ(count(text, "\npg_replica_standby_health{"), 1);
    EXPECT_TRUE(holds(text, "slot=\"s1\"} 2\n"));
    EXPECT_TRUE(holds(text, "pg_replica_standby_replay_lag_bytes{server=\"db:5432\",standby=\"s1\",address=\"10.0.0.2\",slot=\"s1\"} 7\n"));
}

TEST(Prometheus, EscapesLabels) {
    EXPECT_EQ(render::label_value("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
    EXPECT_EQ(render::label_value("\xff"), "\xef\xbf\xbd");
}

TEST(Reason, OfAServerThatFailedIsOneLine) {
    render::Server server = unreachable();
    server.error->detail = "connection refused\nIs it running?";
    EXPECT_EQ(subjects(server).at(0).verdict.reason, "cannot connect to the server: connection refused; Is it running?");
}
