#include "tool/refresh_list.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tool/fake_world.hpp"

namespace {

std::string hex(const std::string& text) {
    std::string digits;
    for (const unsigned char c : text) digits += {"0123456789abcdef"[c >> 4], "0123456789abcdef"[c & 15]};
    return digits;
}

refreshing::List read(const std::vector<std::vector<std::string>>& lines) {
    world::Rows rows{{"path", "kind", "size", "target"}, {}};
    for (const auto& line : lines) rows.rows.push_back({hex(line.at(0)), line.at(1), line.at(2), line.at(3)});
    fake::Session session;
    session.answer("refresh_list()", rows);
    return refreshing::read_list(session);
}

}  // namespace

TEST(RefreshList, DirectoriesComeBeforeWhatIsInThem) {
    const auto list = read({{"base/1/2", "file", "8192", ""}, {"base/1", "directory", "0", ""}, {"base", "directory", "0", ""},
                            {"pg_tblspc/5", "tablespace", "0", "/srv/t"}});
    ASSERT_EQ(list.items.size(), 4u);
    EXPECT_EQ(list.items[0].path, "base");
    EXPECT_EQ(list.items[2].size, 8192u);
    EXPECT_EQ(list.find("pg_tblspc/5")->target, "/srv/t");
    EXPECT_EQ(list.find("base/2"), nullptr);
}

// Another program may answer in the primary's place.
TEST(RefreshList, PathsThatLeadOutOfTheDirectoryAreRefused) {
    for (const char* path : {"/etc/passwd", "../x", "base/../../x", "base//x", "base/", "./base"})
        EXPECT_THROW(read({{path, "file", "1", ""}}), core::Error) << path;
    EXPECT_THROW(read({{std::string("a\0b", 3), "file", "1", ""}}), core::Error);
    EXPECT_THROW(read({{"base", "link", "1", ""}}), core::Error);
}
