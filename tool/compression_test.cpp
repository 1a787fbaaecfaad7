#include "tool/compression.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "tool/failure.hpp"
#include "tool/fake_files.hpp"
#include "tool/fake_world.hpp"

namespace {

using namespace compression;
using Texts = std::vector<std::string>;

constexpr double mb = 1 << 20;
const Texts both{"lz4", "zstd"};

TEST(Compression, FollowsTheLink) {
    EXPECT_EQ(choose(automatic, {15, both, false, 110 * mb}, both).method, "server-lz4");
    EXPECT_EQ(choose(automatic, {15, both, false, 10 * mb}, both).method, "server-zstd");
    EXPECT_EQ(choose(automatic, {15, both, false, 900 * mb}, both).method, "none");
    EXPECT_EQ(choose(automatic, {15, both, false, 110 * mb}, both).reason,
              "the link carries 110.0 MB/s: the primary compresses what it sends (server-lz4)");
}

TEST(Compression, LeavesALocalLinkAndAnOldServerAlone) {
    EXPECT_EQ(choose(automatic, {15, both, true, 0}, both).method, "none");
    EXPECT_EQ(choose(automatic, {14, {}, false, 0}, {}).method, "none");
}

TEST(Compression, NeedsBothSides) {
    EXPECT_EQ(choose(automatic, {15, both, false, 110 * mb}, {"zstd"}).method, "server-zstd");
    EXPECT_EQ(choose(automatic, {15, both, false, 110 * mb}, {}).method, "none");
}

TEST(Compression, IsTheUsersToDecide) {
    EXPECT_EQ(choose("server-gzip:9", {15, both, true, 0}, both).method, "server-gzip:9");
    EXPECT_EQ(choose(none, {15, both, false, mb}, both).method, "none");
}

TEST(Compression, IsTheServers) {
    EXPECT_EQ(normalized("lz4"), "server-lz4");
    EXPECT_EQ(normalized("zstd:level=3"), "server-zstd:level=3");
    EXPECT_EQ(normalized("server-gzip"), "server-gzip");
    EXPECT_EQ(normalized("auto"), "auto");
    for (const char* asked : {"client-lz4", "bzip2", "", "5", "server-", "server-none", "lz4 -x"})
        EXPECT_THROW(normalized(asked), Failure) << asked;
}

TEST(Compression, IsKnownToTheProgramThatNamesItsLibrary) {
    fake::Tree files;
    files.file("/bin/pg_basebackup", std::string("\0LZ4F_decompress\0", 17));
    EXPECT_TRUE(program_knows(files, "/bin/pg_basebackup", "server-lz4:1"));
    EXPECT_FALSE(program_knows(files, "/bin/pg_basebackup", "server-zstd"));
    EXPECT_FALSE(program_knows(files, "/bin/missing", "server-lz4"));
}

TEST(Compression, ThatOneSideDoesNotKnowIsRefused) {
    fake::Tree files;
    files.file("/bin/pg_basebackup", "LZ4F_decompress inflate");
    const std::string program = "/bin/pg_basebackup";
    refuse_unknown(files, program, "server-lz4", {15, both, true, 0});
    refuse_unknown(files, program, "server-gzip:9", {15, {}, true, 0});
    EXPECT_THROW(refuse_unknown(files, program, "server-lz4", {14, both, true, 0}), Failure);
    EXPECT_THROW(refuse_unknown(files, program, "server-lz4", {15, {"zstd"}, true, 0}), Failure);
    EXPECT_THROW(refuse_unknown(files, program, "server-zstd", {15, both, true, 0}), Failure);
}

struct Measured : testing::Test {
    fake::Session* session = new fake::Session;
    fake::Database database;
    tool::Link link{database, std::unique_ptr<world::Session>(session), "the primary"};
    std::vector<std::string> sizes;

    void primary(const char* major, const char* local) {
        session->answer("inet_client_addr", world::Rows{{"a", "b"}, {{major, local}}});
        session->answer("wal_compression", world::Rows{{"method"}, {{"lz4"}, {"zstd"}}});
        session->answer("repeat", [this](const auto& parameters) {
            sizes.push_back(*parameters.at(0));
            return world::Rows{};
        });
    }
};

TEST_F(Measured, OnlyWhereTheChoiceDependsOnIt) {
    primary("15", "t");
    EXPECT_TRUE(gather(link, automatic).link_is_local);
    primary("15", "f");
    EXPECT_EQ(gather(link, none).rate, 0);
    primary("14", "f");
    EXPECT_TRUE(gather(link, automatic).methods.empty());
    EXPECT_TRUE(sizes.empty());
}

TEST_F(Measured, WithLargerSamplesWhileTheyTakeNoTime) {
    primary("15", "f");
    const Facts facts = gather(link, automatic);
    EXPECT_EQ(sizes, (Texts{"65536", "1048576", "16777216"}));
    EXPECT_GT(facts.rate, 400 * mb);
    EXPECT_EQ(facts.methods, both);
}

}  // namespace
