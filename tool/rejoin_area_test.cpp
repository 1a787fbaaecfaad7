#include "tool/rejoin_area.hpp"

#include <gtest/gtest.h>

#include "tool/fake_files.hpp"

namespace {

using rejoin_area::Stage;

struct RejoinArea : testing::Test {
    fake::Tree files;
    const std::string directory = "/srv/p", partial = "/srv/p/pg_replica.partial";

    RejoinArea() {
        for (const char* name : {"PG_VERSION", "base/1/1259", "global/pg_control", "pg_wal/000000010000000000000001",
                                 "pg_log/monday", "postgresql.conf", "pg_hba.conf", "server.key", "conf.d/own.conf"})
            files.file(directory + "/" + name, "own");
    }
    bool starts_as_primary() {
        return files.has(directory + "/global/pg_control") && files.has(directory + "/PG_VERSION") &&
               !files.has(directory + "/standby.signal");
    }
    // What ln does with such arguments.
    void link_as(const std::vector<std::string>& command) {
        for (std::size_t i = 1; i + 1 < command.size(); ++i)
            files.file(command.back() + command[i].substr(command[i].rfind('/')), files.read(command[i]));
    }
    // Cuts the file system off before each change of act in turn; check looks at what is left.
    template <class Act, class Check>
    void cut_everywhere(Act act, Check check) {
        const auto before = files.nodes;
        for (int changes = 0;; ++changes) {
            files.nodes = before;
            files.changes_left = changes;
            try {
                act();
                files.changes_left = -1;
                return;
            } catch (const fake::Killed&) {
            }
            files.changes_left = -1;
            check(changes);
        }
    }
};

}  // namespace

TEST_F(RejoinArea, LeavesTheNodesOwnFilesBehind) {
    rejoin_area::move_in(files, directory);
    EXPECT_TRUE(files.has(partial + "/global/pg_control") && files.has(partial + "/PG_VERSION"));
    for (const char* name : {"postgresql.conf", "pg_hba.conf", "server.key", "conf.d/own.conf", "pg_log/monday"})
        EXPECT_TRUE(files.has(directory + "/" + name)) << name;
    EXPECT_EQ(files.nodes[partial].mode, rejoin_area::unstartable_mode);
}

TEST_F(RejoinArea, GivesTheWalBackThatPgRewindRemoves) {
    const std::string wal = partial + "/pg_wal/", kept = directory + "/pg_replica.kept_wal";
    for (const char* name : {"000000010000000000000002", "000000010000000000000003", "000000010000000000000004", "00000001.history"})
        files.file(directory + "/pg_wal/" + name, "own");
    rejoin_area::move_in(files, directory);
    link_as(rejoin_area::keep_wal(files, directory));
    for (const char* name : {"000000010000000000000001", "000000010000000000000003", "000000010000000000000004"})
        files.remove(wal + name);
    files.write(wal + "000000010000000000000002", "of the source", 0600);
    rejoin_area::give_wal_back(files, directory, "0000000000000004");
    EXPECT_EQ(files.read(wal + "000000010000000000000001"), "own");
    EXPECT_EQ(files.read(wal + "000000010000000000000002"), "of the source") << "what is there is left alone";
    EXPECT_EQ(files.read(wal + "000000010000000000000003"), "own");
    EXPECT_FALSE(files.has(wal + "000000010000000000000004")) << "the segment of the fork went on otherwise";
    EXPECT_FALSE(files.has(kept));
    EXPECT_TRUE(rejoin_area::has_segment(files, directory, "0000000000000003"));
    EXPECT_FALSE(rejoin_area::has_segment(files, directory, "0000000000000004"));
}

TEST_F(RejoinArea, KeptWalGoesWithTheMark) {
    rejoin_area::move_in(files, directory);
    link_as(rejoin_area::keep_wal(files, directory));
    EXPECT_TRUE(files.has(directory + "/pg_replica.kept_wal/000000010000000000000001"));
    rejoin_area::forget(files, directory);
    EXPECT_FALSE(files.has(directory + "/pg_replica.kept_wal"));
}

TEST(RejoinBackupLabel, NamesTheSegmentWithoutItsTimeline) {
    EXPECT_EQ(rejoin_area::first_segment("START WAL LOCATION: 0/2000028 (file 00000001000000000000000A)\nCHECKPOINT"),
              "000000000000000A");
    for (const char* label : {"", "START WAL LOCATION: 0/2000028", "START (file 0000)", "(file 0000000100000000000000zz)"})
        EXPECT_EQ(rejoin_area::first_segment(label), "") << label;
}

TEST_F(RejoinArea, BringsBackTheClustersFilesOnly) {
    rejoin_area::move_in(files, directory);
    files.file(partial + "/postgresql.conf", "of the source");
    files.file(partial + "/recovery.signal", "of the source");
    files.file(partial + "/backup_label", "of pg_rewind");
    rejoin_area::move_out(files, directory);
    EXPECT_EQ(files.read(directory + "/postgresql.conf"), "own");
    EXPECT_FALSE(files.has(directory + "/recovery.signal"));
    EXPECT_EQ(files.read(directory + "/backup_label"), "of pg_rewind");
    EXPECT_TRUE(files.has(directory + "/base/1/1259"));
    EXPECT_FALSE(files.has(partial));
}

TEST_F(RejoinArea, CutOffAnywhereItNeverStartsAsAPrimaryAndCanBeRepeated) {
    const auto complete = files.paths().size();
    files.write(directory + "/standby.signal", "", 0600);
    const auto back = [&](int changes) {
        EXPECT_FALSE(starts_as_primary()) << changes;
        rejoin_area::move_out(files, directory);
        EXPECT_EQ(files.paths().size(), complete + 1) << changes;
    };
    cut_everywhere([&] { rejoin_area::move_in(files, directory); }, back);
    cut_everywhere([&] { rejoin_area::move_out(files, directory); }, back);
}

TEST_F(RejoinArea, TheMarkTellsHowFarItCame) {
    EXPECT_EQ(rejoin_area::look(files, directory), Stage::none);
    for (const Stage stage : {Stage::moving, Stage::rewinding, Stage::rewound}) {
        rejoin_area::note(files, directory, stage);
        EXPECT_EQ(rejoin_area::look(files, directory), stage);
    }
    rejoin_area::forget(files, directory);
    EXPECT_EQ(rejoin_area::look(files, directory), Stage::none);
}

TEST_F(RejoinArea, AMarkOfSomebodyElseIsTakenForTheWorst) {
    files.file(directory + "/pg_replica.rejoin", "stage = rewound\n");
    EXPECT_EQ(rejoin_area::look(files, directory), Stage::rewinding);
}
