#include "extension/server/data_directory.hpp"

#include "extension/server/postgres.hpp"

extern "C" {
#include "common/relpath.h"
#include "storage/lwlock.h"
}

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.hpp"
#include "core/name.hpp"
#include "extension/server/boundary.hpp"
#include "extension/server/configuration.hpp"
#include "extension/server/version.hpp"

namespace data_directory {

namespace {

const char* sqlstate_of(int cause) {
    if (cause == ENOMEM) return core::sqlstate::out_of_memory;
    return cause == EACCES || cause == EPERM ? core::sqlstate::insufficient_privilege : core::sqlstate::io_error;
}

[[noreturn]] void fail(const char* what, const std::string& path) {
    const int cause = errno;
    throw core::Error(sqlstate_of(cause), fmt::format("could not {} \"{}\"", what, refresh::printable(path)),
                      fmt::format("The operating system says: {}.", std::strerror(cause)));
}

bool is_gone() { return errno == ENOENT; }

// What is met where a folder or a regular file should be.
[[noreturn]] void refuse_kind(const std::string& path) {
    throw core::Error(core::sqlstate::insufficient_privilege,
                      fmt::format("\"{}\" is not part of a base backup", refresh::printable(path)),
                      "It is no regular file, or there is a symbolic link on the way to it.");
}

// Opens path relative to the data directory, which is where a backend works; -1 with errno when a part is missing.
Descriptor open_beneath(const std::string& path, int flags) {
    Descriptor at(AT_FDCWD);
    for (std::size_t start = 0;;) {
        const std::size_t slash = path.find('/', start);
        const bool is_last = slash == std::string::npos;
        const std::string name = path.substr(start, is_last ? slash : slash - start);
        const int follow = refresh::is_tablespace_link(path.substr(0, slash)) ? 0 : O_NOFOLLOW;
        const int number = ::openat(at.number(), name.c_str(), O_RDONLY | O_CLOEXEC | follow | (is_last ? flags : O_DIRECTORY));
        if (is_last || number < 0) return Descriptor(number);
        at.reset(number);
        start = slash + 1;
    }
}

bool is_unexpected_kind() { return errno == ELOOP || errno == ENOTDIR || errno == ENXIO; }

Descriptor open_or_refuse(const std::string& path, int flags) {
    Descriptor opened = open_beneath(path, flags);
    if (opened.number() < 0 && is_unexpected_kind()) refuse_kind(path);
    if (opened.number() < 0 && !is_gone()) fail("open", path);
    return opened;
}

// A writer of pg_control holds the lock as long as it writes.
ssize_t read_locked(int file, void* buffer, std::size_t size, off_t offset) {
    return pg::call([=] {
        LWLockAcquire(ControlFileLock, LW_SHARED);
        const ssize_t count = ::pread(file, buffer, size, offset);
        const int cause = errno;
        LWLockRelease(ControlFileLock);
        errno = cause;
        return count;
    });
}

Kind kind_of(const struct stat& found) {
    if (S_ISDIR(found.st_mode)) return Kind::folder;
    if (S_ISREG(found.st_mode)) return Kind::file;
    return S_ISLNK(found.st_mode) ? Kind::link : Kind::other;
}

// A path as part of the data directory, when it lies in it.
void add_if_inside(std::vector<std::string>& folders, const std::string& path) {
    const std::string top = std::string(DataDir) + "/";
    if (path.starts_with(top))
        folders.push_back(path.substr(top.size()));
    else if (!path.starts_with('/') && !path.empty())
        folders.push_back(path);
}

// A tablespace is copied by its link, not a second time where it lies.
void add_inner_tablespaces(std::vector<std::string>& folders) {
    auto links = Folder::open("pg_tblspc");
    while (const auto entry = links ? links->next() : std::nullopt) {
        const std::string path = "pg_tblspc/" + entry->name;
        if (entry->kind == Kind::link && refresh::is_tablespace_link(path))
            add_if_inside(folders, link_target(path).value_or(""));
    }
}

}  // namespace

refresh::Layout layout() {
    refresh::Layout layout;
    layout.tablespace_version = TABLESPACE_VERSION_DIRECTORY;
    layout.has_wal_summaries = pg::version::has_wal_summaries();
    if (pg::version::has_statistics_directory())
        add_if_inside(layout.left_empty, pg::value_in_effect("stats_temp_directory"));
    add_inner_tablespaces(layout.left_empty);
    return layout;
}

void Descriptor::reset(int number) {
    if (number_ >= 0) ::close(number_);
    number_ = number;
}

std::optional<File> File::open(const std::string& path) {
    // a pipe in place of the file must not block the server
    Descriptor opened = open_or_refuse(path, O_NOFOLLOW | O_NONBLOCK);
    if (opened.number() < 0) return std::nullopt;
    struct stat found = {};
    if (::fstat(opened.number(), &found) != 0) fail("examine", path);
    if (!S_ISREG(found.st_mode)) refuse_kind(path);
    return File(path, std::move(opened));
}

std::size_t File::read(char* buffer, std::size_t size, std::uint64_t offset) const {
    const auto read_once = path_ == "global/pg_control" ? read_locked : ::pread;
    for (std::size_t done = 0;;) {
        const ssize_t count = read_once(descriptor_.number(), buffer + done, size - done, static_cast<off_t>(offset + done));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail("read", path_);
        done += static_cast<std::size_t>(count);
        if (count == 0 || done == size) return done;
    }
}

std::optional<Folder> Folder::open(const std::string& path) {
    Descriptor opened = open_or_refuse(path.empty() ? "." : path, O_DIRECTORY);
    if (opened.number() < 0) return std::nullopt;
    DIR* stream = ::fdopendir(opened.number());
    if (stream == nullptr) fail("list", path);
    opened.release();
    return Folder(path, stream);
}

void Folder::Close::operator()(void* stream) const { ::closedir(static_cast<DIR*>(stream)); }

std::optional<Entry> Folder::next() {
    auto* stream = static_cast<DIR*>(stream_.get());
    for (;;) {
        errno = 0;
        const dirent* found = ::readdir(stream);
        if (found == nullptr && errno != 0) fail("list", path_);
        if (found == nullptr) return std::nullopt;
        const std::string name = found->d_name;
        struct stat status = {};
        if (name == "." || name == "..") continue;
        if (::fstatat(::dirfd(stream), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) return Entry{name, kind_of(status), status.st_size};
        if (!is_gone()) fail("examine", path_.empty() ? name : path_ + "/" + name);
    }
}

bool Folder::has(const std::string& name) const {
    struct stat status = {};
    return ::fstatat(::dirfd(static_cast<DIR*>(stream_.get())), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

std::optional<std::string> link_target(const std::string& path) {
    char target[4096];
    const ssize_t size = ::readlink(path.c_str(), target, sizeof target);
    if (size < 0) return std::nullopt;
    return std::string(target, static_cast<std::size_t>(size));
}

}  // namespace data_directory
