#include "extension/server/directory.hpp"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <deque>
#include <memory>

#include "extension/server/boundary.hpp"

namespace directory {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t named = 5;

bool starts_with(const std::string& text, std::string_view start) { return text.compare(0, start.size(), start) == 0; }

// As basebackup.c: temporary files, statistics and what the next start makes again (protocol-replication).
bool is_left_out(const std::string& path, const std::string& name) {
    static constexpr std::array<std::string_view, 9> places = {
        "./pg_dynshmem", "./pg_notify", "./pg_serial", "./pg_snapshots", "./pg_stat_tmp",
        "./pg_subtrans", "./pg_replslot", "./postmaster.pid", "./postmaster.opts"};
    for (const std::string_view place : places)
        if (path == place) return true;
    return starts_with(name, "pgsql_tmp") || name == "lost+found" || name == "pg_internal.init";
}

// Symbolic links count only where the server makes them.
bool is_followed(const std::string& path) { return path == "./pg_wal" || starts_with(path, "./pg_tblspc/"); }

void note(std::int64_t& count, std::vector<std::string>& names, const std::string& path) {
    if (++count <= static_cast<std::int64_t>(named)) names.push_back(path.substr(2));
}

class Walk {
 public:
    explicit Walk(double seconds)
        : end_(Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds))) {
        waiting_.push_back(".");
        while (!waiting_.empty() && result.complete) {
            const std::string next = waiting_.front();
            waiting_.pop_front();
            list(next);
        }
    }

    Survey result;

 private:
    void list(const std::string& path) {
        const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(path.c_str()), ::closedir);
        if (!entries) {
            if (::access(path.c_str(), F_OK) == 0) note(result.unreadable_files, result.unreadable, path);
            return;
        }
        while (const dirent* entry = ::readdir(entries.get())) {
            const std::string name = entry->d_name;
            if (name == "." || name == ".." || is_left_out(path + "/" + name, name)) continue;
            look(path + "/" + name);
            if (!goes_on()) return;
        }
    }

    void look(const std::string& path) {
        struct stat found = {};
        if (::lstat(path.c_str(), &found) != 0) return;  // gone since
        if (S_ISLNK(found.st_mode) && (!is_followed(path) || ::stat(path.c_str(), &found) != 0)) return;
        if (S_ISDIR(found.st_mode)) {
            // most files lie there, and the server made them
            if (starts_with(path, "./base/") || path == "./base" || starts_with(path, "./pg_tblspc/"))
                waiting_.push_back(path);
            else
                waiting_.push_front(path);
        } else if (S_ISREG(found.st_mode)) {
            judge(path, found);
        }
    }

    void judge(const std::string& path, const struct stat& found) {
        ++result.files;
        const bool own = found.st_uid == ::geteuid();
        if ((!own || (found.st_mode & S_IRUSR) == 0) && ::access(path.c_str(), R_OK) != 0)
            note(result.unreadable_files, result.unreadable, path);
        else if (!own && path.find('/', 2) != std::string::npos && ::access(path.c_str(), W_OK) != 0)
            note(result.foreign_files, result.foreign, path);
    }

    bool goes_on() {
        if (result.files % 256 != 0) return true;
        pg::check_interrupts();
        result.complete = Clock::now() < end_;
        return result.complete;
    }

    Clock::time_point end_;
    std::deque<std::string> waiting_;
};

}  // namespace

Survey survey(double seconds) { return Walk(seconds).result; }

}  // namespace directory
