#include "tool/render/table.hpp"

#include <gtest/gtest.h>

namespace {

const render::Table example = {
    {"status", "name", "detail"},
    {{{"ok", "wal_level", "replica"}, {}},
     {{"error", "max_wal_senders", "0 of 2 that a clone needs"}, {"set it to 10"}}}};

}  // namespace

TEST(Table, AlignsColumnsAndIndentsNotes) {
    EXPECT_EQ(render::table(example, 0),
              "status  name             detail\n"
              "ok      wal_level        replica\n"
              "error   max_wal_senders  0 of 2 that a clone needs\n"
              "    set it to 10\n");
}

TEST(Table, WrapsTheLastColumnToTheTerminal) {
    EXPECT_EQ(render::table(example, 45),
              "status  name             detail\n"
              "ok      wal_level        replica\n"
              "error   max_wal_senders  0 of 2 that a clone\n"
              "                         needs\n"
              "    set it to 10\n");
}

TEST(Table, BecomesBlocksOnANarrowTerminal) {
    EXPECT_EQ(render::table(example, 30),
              "status  ok\n"
              "name    wal_level\n"
              "detail  replica\n"
              "\n"
              "status  error\n"
              "name    max_wal_senders\n"
              "detail  0 of 2 that a clone\n"
              "        needs\n"
              "    set it to 10\n");
}

TEST(Table, KeepsHostileNamesInTheirCell) {
    EXPECT_EQ(render::table({{"name", "state"}, {{{"a\x1b[31m\nb", "k\xc3\xa4se"}, {}}}}, 0),
              "name            state\n"
              "a\\x1b[31m\\x0ab  k\xc3\xa4se\n");
}

TEST(Table, WithoutRowsShowsItsHeadings) { EXPECT_EQ(render::table({{"a", "b"}, {}}, 80), "a  b\n"); }
