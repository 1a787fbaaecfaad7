#include "tool/render/json.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace {

std::string dumped(unsigned type, const render::Value& value) {
    return render::json_value(type, value).dump();
}

}  // namespace

TEST(Json, NumbersAreNumbers) {
    EXPECT_EQ(dumped(20, "123"), "123");
    EXPECT_EQ(dumped(23, "-1"), "-1");
    EXPECT_EQ(dumped(701, "1.5"), "1.5");
    EXPECT_EQ(dumped(701, "NaN"), "\"NaN\"");
}

TEST(Json, AnIntegerThatReadersWouldRoundIsAString) {
    EXPECT_EQ(dumped(20, "9007199254740991"), "9007199254740991");
    EXPECT_EQ(dumped(20, "7654321098765432109"), "\"7654321098765432109\"");
}

TEST(Json, UnknownIsNullAndBooleansAreBooleans) {
    EXPECT_EQ(dumped(20, {}), "null");
    EXPECT_EQ(dumped(16, "t"), "true");
    EXPECT_EQ(dumped(16, "f"), "false");
}

TEST(Json, IntervalsAreSeconds) {
    EXPECT_EQ(dumped(1186, "00:00:00"), "0.0");
    EXPECT_EQ(dumped(1186, "27:00:01.25"), "97201.25");
    EXPECT_EQ(dumped(1186, "-00:00:01"), "-1.0");
    EXPECT_EQ(dumped(1186, "2 days 00:01:00"), "172860.0");
    EXPECT_EQ(dumped(1186, "1 day"), "86400.0");
    EXPECT_EQ(dumped(1186, "1 mon"), "\"1 mon\"");
}

TEST(Json, TimestampsAreIso8601) {
    EXPECT_EQ(dumped(1184, "2026-11-23 16:26:49.12+00"), "\"2026-11-23T16:26:49.12+00:00\"");
    EXPECT_EQ(dumped(1184, "2026-11-23 16:26:49-05:30"), "\"2026-11-23T16:26:49-05:30\"");
    EXPECT_EQ(dumped(1184, "infinity"), "\"infinity\"");
}

TEST(Json, ArraysOfTextAreArrays) {
    EXPECT_EQ(dumped(1009, "{}"), "[]");
    EXPECT_EQ(dumped(1009, R"({wal_level,"a,b","q\"\\",NULL,""})"), R"(["wal_level","a,b","q\"\\",null,""])");
}

TEST(Json, RowsKeepTheOrderOfTheirColumnsAndHostileNames) {
    EXPECT_EQ(render::json_text(render::json_rows({"z", "a"}, {23, 25}, {{"1", "x\"\n\xff"}})),
              "[\n  {\n    \"z\": 1,\n    \"a\": \"x\\\"\\n\xef\xbf\xbd\"\n  }\n]\n");
}
