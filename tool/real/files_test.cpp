#include "tool/real/files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "core/error.hpp"

namespace {

namespace fs = std::filesystem;

struct RealFiles : testing::Test {
    real::FileSystem files;
    std::string dir;

    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "pg_replica_files_XXXXXX").string();
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        dir = fs::canonical(name).string();
    }
    void TearDown() override {
        std::error_code ignored;
        fs::remove_all(dir, ignored);
    }
    unsigned mode(const std::string& path) {
        struct stat status = {};
        EXPECT_EQ(lstat(path.c_str(), &status), 0) << path;
        return status.st_mode & 07777;
    }
};

TEST_F(RealFiles, WriteKeepsToItsModeWhateverTheUmask) {
    const mode_t before = umask(0);
    files.write(dir + "/secret", "word", 0600);
    umask(0777);
    files.write(dir + "/shared", "text", 0640);
    umask(before);
    EXPECT_EQ(mode(dir + "/secret"), 0600u);
    EXPECT_EQ(mode(dir + "/shared"), 0640u);
    EXPECT_EQ(files.read(dir + "/secret"), "word");
}

// Who has the old file open, or may read it, never sees the new text; who looks sees one or the other, whole.
TEST_F(RealFiles, WriteReplacesTheFileAndNotItsContent) {
    files.write(dir + "/a", "old", 0644);
    fs::create_hard_link(dir + "/a", dir + "/other_name");
    files.write(dir + "/a", "new", 0600);
    EXPECT_EQ(files.read(dir + "/a"), "new");
    EXPECT_EQ(files.read(dir + "/other_name"), "old");
    EXPECT_EQ(files.list(dir).size(), 2u) << "a temporary file was left";
}

TEST_F(RealFiles, WriteThatFailsLeavesNoTemporaryFile) {
    files.make_directory(dir + "/taken", 0700);
    files.make_directory(dir + "/taken/full", 0700);
    EXPECT_THROW(files.write(dir + "/taken", "text", 0600), core::Error);
    EXPECT_EQ(files.list(dir), std::vector<std::string>{"taken"});
}

TEST_F(RealFiles, WriteFollowsNoLinkThatLiesInItsWay) {
    files.write(dir + "/victim", "precious", 0600);
    fs::create_symlink(dir + "/victim", dir + "/a.pg_replica.tmp");
    fs::create_symlink(dir + "/victim", dir + "/a");
    files.write(dir + "/a", "new", 0600);
    EXPECT_EQ(files.read(dir + "/victim"), "precious");
}

TEST_F(RealFiles, RemoveTreeFollowsNoLinks) {
    files.make_directory(dir + "/wal", 0700);
    files.write(dir + "/wal/precious", "x", 0600);
    files.make_directory(dir + "/data", 0700);
    fs::create_directory_symlink(dir + "/wal", dir + "/data/pg_wal");
    files.remove_tree(dir + "/data");
    EXPECT_EQ(files.kind(dir + "/data"), world::Kind::missing);
    EXPECT_EQ(files.kind(dir + "/wal/precious"), world::Kind::file);
    fs::create_directory_symlink(dir + "/wal", dir + "/link");
    files.remove_tree(dir + "/link");
    EXPECT_EQ(files.kind(dir + "/wal/precious"), world::Kind::file);
}

TEST_F(RealFiles, ReadPrivateTakesOnlyWhatNobodyElseCanHaveWritten) {
    files.write(dir + "/a", "text", 0600);
    EXPECT_EQ(files.read_private(dir + "/a"), "text");
    fs::create_symlink(dir + "/a", dir + "/link");
    EXPECT_FALSE(files.read_private(dir + "/link"));
    for (const unsigned mode : {0640u, 0644u, 0660u, 0700u}) {
        files.set_mode(dir + "/a", mode);
        EXPECT_FALSE(files.read_private(dir + "/a")) << mode;
    }
    files.set_mode(dir + "/a", 0600);
    fs::create_hard_link(dir + "/a", dir + "/second_name");
    EXPECT_FALSE(files.read_private(dir + "/a"));
    ASSERT_EQ(mkfifo((dir + "/pipe").c_str(), 0600), 0);
    EXPECT_FALSE(files.read_private(dir + "/pipe"));
    EXPECT_FALSE(files.read_private(dir));
    EXPECT_FALSE(files.read_private(dir + "/nothing"));
}

TEST_F(RealFiles, EmptyDirectoryTakesOnlyTheOneOfThatIdentityAndFollowsNoLinks) {
    files.make_directory(dir + "/wal", 0700);
    files.make_directory(dir + "/wal/sub", 0700);
    files.make_directory(dir + "/wal/lost+found", 0700);
    files.write(dir + "/wal/sub/a", "x", 0600);
    files.make_directory(dir + "/other", 0700);
    files.write(dir + "/other/precious", "x", 0600);
    fs::create_directory_symlink(dir + "/other", dir + "/wal/sub/inner");
    const std::string identity = files.identity(dir + "/wal");
    ASSERT_FALSE(identity.empty());
    EXPECT_FALSE(files.empty_directory(dir + "/other", identity));
    EXPECT_FALSE(files.empty_directory(dir + "/wal", ""));
    EXPECT_FALSE(files.empty_directory(dir + "/nothing", identity));
    files.rename(dir + "/wal", dir + "/moved");
    fs::create_directory_symlink(dir + "/moved", dir + "/wal");
    EXPECT_EQ(files.identity(dir + "/wal"), "");
    EXPECT_FALSE(files.empty_directory(dir + "/wal", identity)) << "a link, even to the same directory";
    EXPECT_TRUE(fs::exists(dir + "/moved/sub/a"));
    EXPECT_TRUE(files.empty_directory(dir + "/moved", identity));
    EXPECT_EQ(files.list(dir + "/moved"), std::vector<std::string>{"lost+found"});
    EXPECT_TRUE(fs::exists(dir + "/other/precious"));
}

TEST_F(RealFiles, WritableByOthersIsTheModeOfGroupAndOthers) {
    EXPECT_FALSE(files.writable_by_others(dir));
    for (const unsigned mode : {0770u, 0702u}) {
        files.set_mode(dir, mode);
        EXPECT_TRUE(files.writable_by_others(dir)) << mode;
    }
    files.set_mode(dir, 0755);
    EXPECT_FALSE(files.writable_by_others(dir));
}

TEST_F(RealFiles, RemoveTakesFilesAndEmptyDirectoriesAndMissesNothing) {
    files.write(dir + "/a", "x", 0600);
    files.remove(dir + "/a");
    files.remove(dir + "/a");
    files.make_directory(dir + "/d", 0700);
    files.write(dir + "/d/a", "x", 0600);
    EXPECT_THROW(files.remove(dir + "/d"), core::Error) << "a directory that is not empty";
    files.remove(dir + "/d/a");
    files.remove(dir + "/d");
    EXPECT_TRUE(files.list(dir).empty());
}

TEST_F(RealFiles, RemoveThatIsNotAllowedIsAnError) {
    files.write(dir + "/a", "x", 0600);
    EXPECT_THROW(files.remove(dir + "/a/b"), core::Error);
}

TEST_F(RealFiles, ReadOfADirectoryOrOfNothingIsAnError) {
    EXPECT_THROW(files.read(dir), core::Error);
    EXPECT_THROW(files.read(dir + "/nothing"), core::Error);
    files.write(dir + "/empty", "", 0600);
    EXPECT_EQ(files.read(dir + "/empty"), "");
}

TEST_F(RealFiles, KindFollowsLinks) {
    files.write(dir + "/a", "x", 0600);
    fs::create_symlink(dir + "/a", dir + "/link");
    fs::create_symlink(dir + "/nothing", dir + "/dangling");
    EXPECT_EQ(files.kind(dir), world::Kind::directory);
    EXPECT_EQ(files.kind(dir + "/link"), world::Kind::file);
    EXPECT_EQ(files.kind(dir + "/dangling"), world::Kind::missing);
    EXPECT_EQ(files.kind("/dev/null"), world::Kind::other);
}

TEST_F(RealFiles, CanonicalResolvesLinksAndTakesWhatIsNotThereYet) {
    fs::create_directory_symlink(dir, dir + "/loop");
    EXPECT_EQ(files.canonical(dir + "/loop/./x/../new dir/"), dir + "/new dir");
}

TEST_F(RealFiles, MakeDirectoryKeepsToItsModeAndRefusesWhatIsThere) {
    files.make_directory(dir + "/d", 0770);
    EXPECT_EQ(mode(dir + "/d"), 0770u);
    EXPECT_THROW(files.make_directory(dir + "/d", 0700), core::Error);
}

TEST_F(RealFiles, FreeBytesAreKnownForWhatIsNotThereYet) { EXPECT_GT(files.free_bytes(dir + "/a/b/c"), 0u); }

TEST_F(RealFiles, LockExcludesASecondProcessAndEndsWithTheFirst) {
    const auto in_child = [this] {
        const pid_t child = fork();
        if (child == 0) _exit(real::FileSystem().lock_directory(dir) ? 0 : 1);
        int status = 0;
        waitpid(child, &status, 0);
        return WEXITSTATUS(status) == 0;
    };
    EXPECT_TRUE(in_child());
    EXPECT_TRUE(files.lock_directory(dir)) << "the child's lock has ended with it";
    EXPECT_FALSE(in_child());
    EXPECT_TRUE(files.lock_directory(dir)) << "it is this process's own";
}

}  // namespace
