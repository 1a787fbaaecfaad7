#include "tool/target.hpp"

#include <gtest/gtest.h>

#include "tool/fake_files.hpp"

namespace {

using target::State;

const std::string dir = "/srv/standby";

struct Target : testing::Test {
    fake::Tree files;

    void SetUp() override { files.directory(dir); }

    target::Marker marked() {
        target::Marker marker;
        marker.slot = "s1";
        target::write_marker(files, dir, marker);
        return marker;
    }
    // A copy as pg_basebackup leaves it, with the signal file that clone adds.
    void copied() {
        marked();
        files.directory(target::partial_path(dir), 0770);
        for (const char* name : {"standby.signal", "PG_VERSION", "backup_label", "postgresql.conf",
                                 "base/1/2", "global/pg_control", "pg_wal/1"})
            files.file(target::partial_path(dir) + "/" + name, name);
    }
    // What checkDataDir and the control file let start; what starts without the signal is a second primary.
    bool starts(const std::string& directory) {
        const auto found = files.nodes.find(directory);
        return found != files.nodes.end() && (found->second.mode & 022) == 0 &&
               files.has(directory + "/global/pg_control");
    }
    bool starts_as_primary(const std::string& directory) {
        return starts(directory) && !files.has(directory + "/standby.signal");
    }
    // Cuts the action off before its 1st, 2nd, ... change, each time on the same files, and looks at what is
    // left.
    template <class Action, class Look>
    int cut_everywhere(Action action, Look look) {
        const auto start = files.nodes;
        for (int changes = 0;; ++changes) {
            files.nodes = start;
            files.changes_left = changes;
            try {
                action();
                files.changes_left = -1;
                return changes;
            } catch (const fake::Killed&) {
                files.changes_left = -1;
                look(changes);
            }
        }
    }
};

TEST_F(Target, TellsMissingEmptyAndOccupied) {
    EXPECT_EQ(target::inspect(files, "/srv/other").state, State::missing);
    EXPECT_EQ(target::inspect(files, dir).state, State::empty);
    files.file(dir + "/.hidden");
    EXPECT_EQ(target::inspect(files, dir).state, State::occupied);
    EXPECT_EQ(target::inspect(files, dir + "/.hidden").state, State::occupied);
}

TEST_F(Target, LostAndFoundOfAMountPointIsEmpty) {
    files.directory(dir + "/lost+found");
    EXPECT_EQ(target::inspect(files, dir).state, State::empty);
}

// kill -9 between the directory and its marker
TEST_F(Target, AMarkerThatWasNotWrittenToItsEndIsEmpty) {
    files.file(dir + "/pg_replica.unfinished.pg_replica.tmp");
    EXPECT_EQ(target::inspect(files, dir).state, State::empty);
    files.file(dir + "/pg_replica.unfinished.pg_replica.tmp.bak");
    EXPECT_EQ(target::inspect(files, dir).state, State::occupied);
}

TEST_F(Target, WhatMayNotBeReadIsOccupied) {
    files.unreadable.insert(dir);
    EXPECT_EQ(target::inspect(files, dir).state, State::occupied);
}

TEST_F(Target, AMarkerReadsBackWithHostilePaths) {
    target::Marker marker;
    marker.slot = "s1";
    marker.role = "a'b\\c # \" =";
    marker.admitted = marker.slot_created = marker.made_directory = marker.placed = true;
    marker.system_identifier = "7300000000000000001";
    marker.outside = {{"/ts/it's", "7:1"}, {"/ts/back\\slash", "7:2"}, {"/ts/a = b # c", "7:3"}, {"/ts/  two  ", "7:4"}, {"/ts/ü✓", "7:5"}};
    marker.made_outside = {"/ts/it's"};
    target::write_marker(files, dir, marker);
    EXPECT_EQ(files.nodes[target::marker_path(dir)].mode, 0600u);
    const auto found = target::inspect(files, dir);
    ASSERT_EQ(found.state, State::unfinished);
    EXPECT_EQ(found.marker.slot, "s1");
    EXPECT_EQ(found.marker.role, marker.role);
    EXPECT_EQ(found.marker.outside, marker.outside);
    EXPECT_EQ(found.marker.made_outside, marker.made_outside);
    EXPECT_EQ(found.marker.system_identifier, marker.system_identifier);
    EXPECT_TRUE(found.marker.admitted && found.marker.slot_created && found.marker.made_directory &&
                found.marker.placed);
    target::write_marker(files, dir, {});
    const auto bare = target::inspect(files, dir).marker;
    EXPECT_FALSE(bare.admitted || bare.slot_created || bare.made_directory || bare.placed);
    EXPECT_TRUE(bare.outside.empty() && bare.role.empty());
}

TEST_F(Target, APathThatWouldBeAnotherLineOfTheMarkerIsRefused) {
    target::Marker marker;
    marker.outside = {{"/ts\noutside = '/home'", "7:1"}};
    EXPECT_THROW(target::write_marker(files, dir, marker), core::Error);
    EXPECT_FALSE(files.has(target::marker_path(dir)));
}

// It would name directories of a stranger's choice for removal.
TEST_F(Target, AMarkerOfAnotherUserIsNotOurs) {
    marked();
    files.foreign.insert(target::marker_path(dir));
    EXPECT_EQ(target::inspect(files, dir).state, State::occupied);
}

TEST_F(Target, ALinkNamedLikeTheMarkerIsNotOurs) {
    marked();
    files.links.insert(target::marker_path(dir));
    EXPECT_EQ(target::inspect(files, dir).state, State::occupied);
}

// What a server writes for its users (COPY, lo_export, logs) does not look so.
TEST_F(Target, AMarkerThatOthersMayReadIsNotOurs) {
    marked();
    files.nodes[target::marker_path(dir)].mode = 0644;
    EXPECT_EQ(target::inspect(files, dir).state, State::occupied);
}

TEST_F(Target, AMarkerInADirectoryThatOthersMayWriteToIsNotOurs) {
    marked();
    for (const unsigned mode : {0770u, 0702u}) {
        files.nodes[dir].mode = mode;
        EXPECT_EQ(target::inspect(files, dir).state, State::occupied);
    }
    files.nodes[dir].mode = 0750;
    EXPECT_EQ(target::inspect(files, dir).state, State::unfinished);
}

TEST_F(Target, AMarkerWithAnythingElseInItIsNotOurs) {
    marked();
    std::string& text = files.nodes[target::marker_path(dir)].text;
    const std::string whole = text;
    const auto state_with = [&](const std::string& changed) {
        text = changed;
        return target::inspect(files, dir).state;
    };
    EXPECT_EQ(state_with(whole + "LOG:  a line\n"), State::occupied);
    EXPECT_EQ(state_with("LOG:  a line\n" + whole), State::occupied);
    EXPECT_EQ(state_with(whole + "slot = 's2'\n"), State::occupied);
    EXPECT_EQ(state_with(whole + "unknown = 's2'\n"), State::occupied);
    EXPECT_EQ(state_with(whole + "outside = '/home'\n"), State::occupied) << "without an identity";
    EXPECT_EQ(state_with(whole.substr(whole.find('\n') + 1)), State::occupied);
    EXPECT_EQ(state_with(whole.substr(0, whole.size() - 1)), State::occupied);
    EXPECT_EQ(state_with("outside = '/home'\n"), State::occupied);
    EXPECT_EQ(state_with(""), State::occupied);
    EXPECT_EQ(state_with(whole), State::unfinished);
}

TEST_F(Target, ADirectoryNamedLikeTheMarkerIsNotOurs) {
    files.directory(target::marker_path(dir));
    EXPECT_EQ(target::inspect(files, dir).state, State::occupied);
}

TEST_F(Target, WipeTouchesNothingWithoutTheMarker) {
    files.file(dir + "/base/1", "precious");
    files.file(dir + "/global/pg_control");
    const auto before = files.paths();
    EXPECT_EQ(target::wipe(files, dir, {}), std::vector<std::string>{dir});
    EXPECT_EQ(files.paths(), before);
}

TEST_F(Target, WipeRemovesTheCloneAndLeavesLostAndFoundAndTheNeighbours) {
    files.file("/srv/neighbour", "precious");
    files.directory(dir + "/lost+found");
    copied();
    EXPECT_TRUE(target::wipe(files, dir, {}).empty());
    EXPECT_EQ(files.paths(),
              (std::vector<std::string>{"/", "/srv", "/srv/neighbour", dir, dir + "/lost+found"}));
}

TEST_F(Target, WipeEmptiesTheDirectoriesOutsideAndRemovesThoseItMade) {
    auto marker = marked();
    files.file("/ts/there/PG_15/1");
    files.directory("/ts/there/lost+found");
    files.file("/ts/made/PG_15/1");
    files.file("/ts/foreign/PG_15/1");
    for (const char* path : {"/ts/there", "/ts/made"}) marker.outside.push_back({path, files.identity(path)});
    marker.outside.push_back({"/ts/gone", "7:1"});
    marker.made_outside = {"/ts/made"};
    target::write_marker(files, dir, marker);
    EXPECT_TRUE(target::wipe(files, dir, marker).empty());
    EXPECT_TRUE(files.has("/ts/there/lost+found"));
    EXPECT_FALSE(files.has("/ts/there/PG_15"));
    EXPECT_FALSE(files.has("/ts/made"));
    EXPECT_TRUE(files.has("/ts/foreign/PG_15/1"));
}

// Whoever may rename beside it must not lead the removal elsewhere.
TEST_F(Target, WipeLeavesADirectoryOutsideThatIsNotTheClaimedOneAnyMore) {
    auto marker = marked();
    for (const char* path : {"/ts/other", "/ts/link", "/ts/own"}) {
        files.file(std::string(path) + "/precious");
        marker.outside.push_back({path, files.identity(path)});
        marker.made_outside.push_back(path);
    }
    target::write_marker(files, dir, marker);
    files.nodes["/ts/other"].number = 42;
    files.links.insert("/ts/link");
    EXPECT_EQ(target::wipe(files, dir, marker), (std::vector<std::string>{"/ts/other", "/ts/link"}));
    EXPECT_TRUE(files.has("/ts/other/precious"));
    EXPECT_TRUE(files.has("/ts/link/precious"));
    EXPECT_FALSE(files.has("/ts/own"));
}

TEST_F(Target, NotOursIsWhatTheCommandDoesNotNameOrWhatHasChanged) {
    target::Marker marker;
    for (const char* path : {"/ts/a", "/ts/b", "/ts/c", "/ts/empty"}) {
        if (path != std::string("/ts/empty")) files.file(std::string(path) + "/precious");
        else files.directory(path);
        marker.outside.push_back({path, files.identity(path)});
    }
    EXPECT_EQ(target::not_ours(files, marker, {"/ts/a", "/ts/b"}), std::vector<std::string>{"/ts/c"});
    files.nodes["/ts/b"].number = 42;
    EXPECT_EQ(target::not_ours(files, marker, {"/ts/a", "/ts/b"}), (std::vector<std::string>{"/ts/b", "/ts/c"}));
    EXPECT_TRUE(target::is_claimed(files, marker, "/ts/a"));
    EXPECT_FALSE(target::is_claimed(files, marker, "/ts/b"));
}

TEST_F(Target, AWipeThatIsCutOffStaysOursAndUnplacedAndNeverStartsAsAPrimary) {
    copied();
    target::place(files, dir);
    auto marker = target::inspect(files, dir).marker;
    marker.placed = true;
    target::write_marker(files, dir, marker);
    const int changes = cut_everywhere([this] { target::wipe(files, dir, {}); },
                                       [this](int change) {
                                           if (change == 0) return;
                                           const auto found = target::inspect(files, dir);
                                           EXPECT_EQ(found.state, State::unfinished)
                                               << "before change " << change;
                                           EXPECT_FALSE(found.marker.placed) << "before change " << change;
                                           EXPECT_FALSE(starts_as_primary(dir)) << "before change " << change;
                                       });
    EXPECT_GT(changes, 5);
    EXPECT_EQ(target::inspect(files, dir).state, State::empty);
}

TEST_F(Target, PlaceMovesEverythingUpAndRemovesTheStagingFolder) {
    copied();
    target::place(files, dir);
    EXPECT_FALSE(files.has(target::partial_path(dir)));
    for (const char* name : {"standby.signal", "PG_VERSION", "base/1/2", "global/pg_control", "pg_wal/1"})
        EXPECT_EQ(files.nodes[dir + "/" + name].text, name);
    EXPECT_TRUE(starts(dir));
}

TEST_F(Target, PlaceThatIsCutOffAnywhereLeavesNothingThatStarts) {
    copied();
    const int changes = cut_everywhere([this] { target::place(files, dir); },
                                       [this](int change) {
                                           EXPECT_FALSE(starts(target::partial_path(dir)))
                                               << "before change " << change;
                                           EXPECT_FALSE(starts_as_primary(dir)) << "before change " << change;
                                           EXPECT_EQ(target::inspect(files, dir).state, State::unfinished);
                                       });
    EXPECT_GE(changes, 8);
}

TEST_F(Target, PlaceMovesTheSignalFirstAndGlobalLast) {
    copied();
    cut_everywhere(
        [this] { target::place(files, dir); },
        [this](int change) {
            const bool signal = files.has(dir + "/standby.signal"), other = files.has(dir + "/PG_VERSION");
            EXPECT_TRUE(signal || !other) << "before change " << change;
            if (files.has(dir + "/global")) {
                EXPECT_TRUE(files.list(target::partial_path(dir)).empty()) << "before change " << change;
            }
        });
}

}  // namespace
