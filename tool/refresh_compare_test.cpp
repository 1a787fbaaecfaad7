#include "tool/refresh_compare.hpp"

#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "core/error.hpp"
#include "tool/fake_files.hpp"
#include "tool/fake_world.hpp"

namespace {

using refreshing::Comparison;
using refreshing::Item;
using refreshing::Kept;
using refreshing::List;
using refreshing::Listed;

std::string block(char letter, std::size_t count = 1) { return std::string(count * refresh::default_chunk_size, letter); }

// The primary's files, and what refresh_diff would answer about them.
struct Source {
    std::map<std::string, std::string> files;
    fake::Session session;
    int asked = 0;
    std::uint64_t content_asked = 0;

    Source() {
        session.on_exchange = [this](const std::string& bytes) { return answer(bytes); };
    }
    std::string answer(const std::string& bytes) {
        ++asked;
        const refresh::Request request = refresh::decode_request(bytes);
        refresh::ReplyWriter writer(request);
        for (const refresh::Range& range : request.ranges) {
            content_asked += range.length;
            add(request, range, writer);
        }
        return writer.finish();
    }
    void add(const refresh::Request& request, const refresh::Range& range, refresh::ReplyWriter& writer) {
        const auto found = files.find(range.path);
        if (found == files.end()) return writer.end_range(refresh::Status::missing, 0);
        const std::string piece = range.offset < found->second.size() ? found->second.substr(range.offset, range.length) : "";
        for (std::uint32_t i = 0; i < refresh::chunk_count(piece.size(), request.chunk_size); ++i) {
            const std::string chunk = piece.substr(std::size_t{i} * request.chunk_size, request.chunk_size);
            if (i < range.hashes.size() && range.hashes[i] == refresh::hash_chunk(request.secret, chunk.data(), chunk.size()))
                continue;
            writer.add_chunk(i, chunk);
        }
        writer.end_range(refresh::Status::ok, static_cast<std::uint32_t>(piece.size()));
    }
};

struct RefreshCompare : testing::Test {
    Source source;
    fake::Tree tree;
    List list;
    Kept kept;
    refreshing::Packing::Wish packing = refreshing::Packing::Wish::none;

    void SetUp() override { tree.directory("/d/base"); }
    void listed(const std::string& path, std::uint64_t size) { list.items.push_back({path, Listed::file, size, ""}); }
    refreshing::Tally run(bool write = true) {
        Comparison comparison(tree, {"/d", 0600, write, packing}, list, kept);
        comparison.work([this] { return std::make_unique<fake::Session>(source.session); });
        comparison.check();
        return comparison.tally();
    }
    std::string here(const std::string& path) { return tree.nodes.at("/d/" + path).text; }
};

}  // namespace

TEST_F(RefreshCompare, OnlyWhatDiffersIsFetched) {
    source.files["base/1"] = block('a') + block('b') + block('c') + "end";
    tree.file("/d/base/1", block('a') + block('x') + block('c') + "END");
    listed("base/1", source.files["base/1"].size());
    const auto tally = run();
    EXPECT_EQ(here("base/1"), source.files["base/1"]);
    EXPECT_EQ(tally.received, refresh::default_chunk_size + 3u);
    EXPECT_EQ(tally.compared, tally.total);
}

TEST_F(RefreshCompare, AMissingOrShorterFileIsCompleted) {
    source.files["base/1"] = block('a', 300) + "tail";  // several requests
    source.files["base/2"] = block('b', 2);
    tree.file("/d/base/2", block('b') + "half");
    listed("base/1", source.files["base/1"].size());
    listed("base/2", source.files["base/2"].size());
    run();
    EXPECT_EQ(here("base/1"), source.files["base/1"]);
    EXPECT_EQ(here("base/2"), source.files["base/2"]);
}

TEST_F(RefreshCompare, WhatVanishesMeanwhileIsRemoved) {
    tree.file("/d/base/1", block('a'));
    listed("base/1", refresh::default_chunk_size);
    EXPECT_EQ(run().vanished, 1u);
    EXPECT_FALSE(tree.has("/d/base/1"));
}

// As pg_basebackup has it: the listed size, and zeros where the file ends now.
TEST_F(RefreshCompare, WhatIsCutOffMeanwhileIsZeros) {
    source.files["base/1"] = block('a') + "bb";
    tree.file("/d/base/1", block('x', 3));
    listed("base/1", 3 * refresh::default_chunk_size);
    EXPECT_EQ(run().cut_short, 1u);
    EXPECT_EQ(here("base/1"), block('a') + "bb" + std::string(2 * refresh::default_chunk_size - 2, '\0'));
}

TEST_F(RefreshCompare, OwnFilesAndPgControlAreLeftOut) {
    kept = Kept({"postgresql.conf"});
    listed("global/pg_control", 8192);
    listed("pg_replica.passfile", 10);
    listed("postgresql.conf", 10);
    EXPECT_EQ(run().total, 0u);
    EXPECT_EQ(source.asked, 0);
}

TEST_F(RefreshCompare, ARehearsalWritesNothing) {
    source.files["base/1"] = block('a', 2);
    tree.file("/d/base/1", block('a') + block('b'));
    listed("base/1", 2 * refresh::default_chunk_size);
    listed("base/gone", 2);
    tree.changes_left = 0;
    const auto tally = run(false);
    EXPECT_EQ(tally.received, refresh::default_chunk_size);
    EXPECT_EQ(tally.vanished, 1u);
}

TEST_F(RefreshCompare, WhatComesPackedIsTheSame) {
    packing = refreshing::Packing::Wish::lz4;
    source.files["base/1"] = block('a', 100) + block('b', 100) + "tail";
    tree.file("/d/base/1", block('a', 50));
    listed("base/1", source.files["base/1"].size());
    const auto tally = run();
    EXPECT_EQ(here("base/1"), source.files["base/1"]);
    EXPECT_EQ(tally.received, 150 * refresh::default_chunk_size + 4u);
    EXPECT_LT(tally.carried, tally.received / 10);
}

// The primary works on a request while the next one is made ready: nothing may be lost or asked for twice on the way.
TEST_F(RefreshCompare, EachPieceIsAskedForOnce) {
    for (int i = 0; i < 20; ++i) {
        const std::string path = "base/" + std::to_string(i);
        source.files[path] = block(static_cast<char>('a' + i), 60) + "end";
        tree.file("/d/" + path, i % 2 == 0 ? source.files[path] : block('x', 61));
        listed(path, source.files[path].size());
    }
    const auto tally = run();
    EXPECT_EQ(tally.compared, tally.total);
    EXPECT_EQ(source.content_asked, tally.total);
    for (const auto& [path, content] : source.files) EXPECT_EQ(here(path).substr(0, content.size()), content);
}

TEST_F(RefreshCompare, ManySmallFilesShareARequest) {
    for (int i = 0; i < 600; ++i) {
        const std::string path = "base/" + std::to_string(i);
        source.files[path] = "x";
        listed(path, 1);
    }
    run();
    EXPECT_EQ(source.asked, 3);
    EXPECT_EQ(here("base/599"), "x");
}

TEST_F(RefreshCompare, ThreadsShareTheWorkAndOneFailureEndsAll) {
    source.files["base/1"] = block('a', 2000);
    listed("base/1", source.files["base/1"].size());
    fake::Session broken;
    broken.on_exchange = [](const std::string&) -> std::string {
        throw core::Error(core::sqlstate::connection_failure, "the connection to the server was lost");
    };
    Comparison comparison(tree, {"/d", 0600, true}, list, kept);
    std::thread other([&] { comparison.work([&] { return std::make_unique<fake::Session>(broken); }); });
    other.join();
    comparison.work([this] { return std::make_unique<fake::Session>(source.session); });
    EXPECT_THROW(comparison.check(), core::Error);
    EXPECT_EQ(source.asked, 0);
}
