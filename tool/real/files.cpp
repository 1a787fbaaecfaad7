#include "tool/real/files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/error.hpp"
#include "tool/real/descriptor.hpp"

namespace fs = std::filesystem;

namespace real {

namespace {

void check(const std::error_code& error, const std::string& what, const std::string& path) {
    if (error) fail(what, path, error.value());
}

void write_all(const Descriptor& file, const std::string& text, const std::string& path) {
    for (std::size_t written = 0; written < text.size();) {
        const ssize_t count = ::write(file.number(), text.data() + written, text.size() - written);
        if (count < 0 && errno != EINTR) fail("write", path, errno);
        if (count > 0) written += static_cast<std::size_t>(count);
    }
}

// A file of exactly this content and mode, on disk when the function returns; an older one of the same name
// goes first, so that a secret is never written into a file that somebody else can read or has open.
void write_new(const std::string& path, const std::string& text, unsigned mode) {
    ::unlink(path.c_str());
    const Descriptor file(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (!file.there()) fail("create", path, errno);
    if (fchmod(file.number(), mode) != 0) fail("set the mode of", path, errno);
    write_all(file, text, path);
    if (fsync(file.number()) != 0) fail("flush", path, errno);
}

std::string identity_of(const struct stat& status) {
    return S_ISDIR(status.st_mode) ? fmt::format("{}:{}", status.st_dev, status.st_ino) : "";
}

std::vector<std::string> names_in(int directory, const std::string& path) {
    const int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* stream = copy < 0 ? nullptr : fdopendir(copy);
    if (stream == nullptr) {
        const int error = errno;
        if (copy >= 0) close(copy);
        fail("read the directory", path, error);
    }
    std::vector<std::string> names;
    while (const dirent* entry = readdir(stream)) names.emplace_back(entry->d_name);
    closedir(stream);
    return names;
}

// By descriptors only: whoever renames directories meanwhile leads this nowhere else.
void empty_at(int directory, const std::string& path, const std::string& keep) {
    for (const std::string& name : names_in(directory, path)) {
        if (name == "." || name == ".." || name == keep) continue;
        if (unlinkat(directory, name.c_str(), 0) == 0 || errno == ENOENT) continue;
        const int error = errno;
        const std::string inner = path + "/" + name;
        const Descriptor child(
            openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!child.there()) fail("remove", inner, error);
        empty_at(child.number(), inner, "");
        if (unlinkat(directory, name.c_str(), AT_REMOVEDIR) != 0) fail("remove", inner, errno);
    }
}

}  // namespace

world::Kind FileSystem::kind(const std::string& path) {
    std::error_code error;
    const auto status = fs::status(path, error);
    switch (status.type()) {
        case fs::file_type::not_found:
            return world::Kind::missing;
        case fs::file_type::directory:
            return world::Kind::directory;
        case fs::file_type::regular:
            return world::Kind::file;
        default:
            return world::Kind::other;
    }
}

std::vector<std::string> FileSystem::list(const std::string& path) {
    std::error_code error;
    std::vector<std::string> names;
    for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error))
        names.push_back(at->path().filename().string());
    check(error, "read the directory", path);
    return names;
}

std::string FileSystem::read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    if (!file) fail("read", path, errno);
    if (fs::is_directory(path)) fail("read", path, EISDIR);
    text << file.rdbuf();
    if (file.bad()) fail("read", path, EIO);
    return text.str();
}

std::optional<std::string> FileSystem::read_private(const std::string& path) {
    const Descriptor file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    struct stat status = {};
    if (!file.there() || fstat(file.number(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
    if (status.st_uid != geteuid() || status.st_nlink != 1 || (status.st_mode & 07777) != 0600) return {};
    std::string text;
    std::array<char, 4096> buffer;
    ssize_t count;
    while ((count = ::read(file.number(), buffer.data(), buffer.size())) > 0)
        text.append(buffer.data(), static_cast<std::size_t>(count));
    if (count < 0) return {};
    return text;
}

void FileSystem::write(const std::string& path, const std::string& text, unsigned mode) {
    const std::string temporary = path + ".pg_replica.tmp";
    try {
        write_new(temporary, text, mode);
        rename(temporary, path);
    } catch (const core::Error&) {
        ::unlink(temporary.c_str());
        throw;
    }
    sync_directory(fs::path(path).parent_path().string());
}

void FileSystem::make_directory(const std::string& path, unsigned mode) {
    if (mkdir(path.c_str(), mode) != 0) fail("create the directory", path, errno);
    set_mode(path, mode);
}

void FileSystem::set_mode(const std::string& path, unsigned mode) {
    if (chmod(path.c_str(), mode) != 0) fail("set the mode of", path, errno);
}

void FileSystem::rename(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) fail("rename to", to, errno);
}

void FileSystem::remove(const std::string& path) {
    if (::unlink(path.c_str()) == 0 || errno == ENOENT) return;
    if (errno != EISDIR || ::rmdir(path.c_str()) != 0) fail("remove", path, errno);
}

void FileSystem::remove_tree(const std::string& path) {
    std::error_code error;
    fs::remove_all(path, error);
    check(error, "remove", path);
}

std::string FileSystem::identity(const std::string& path) {
    struct stat status = {};
    return lstat(path.c_str(), &status) == 0 ? identity_of(status) : "";
}

bool FileSystem::empty_directory(const std::string& path, const std::string& identity) {
    const Descriptor directory(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    struct stat status = {};
    if (!directory.there() || fstat(directory.number(), &status) != 0) return false;
    if (identity.empty() || identity_of(status) != identity) return false;
    empty_at(directory.number(), path, "lost+found");
    return true;
}

void FileSystem::sync_directory(const std::string& path) {
    const Descriptor directory(path, O_RDONLY | O_DIRECTORY);
    if (!directory.there() || fsync(directory.number()) != 0) fail("flush the directory", path, errno);
}

std::string FileSystem::canonical(const std::string& path) {
    std::error_code error;
    fs::path result = fs::weakly_canonical(fs::absolute(path), error);
    check(error, "resolve", path);
    return (result.has_filename() ? result : result.parent_path()).string();
}

std::uint64_t FileSystem::free_bytes(const std::string& path) {
    fs::path existing = path;
    std::error_code error;
    while (!fs::exists(existing, error) && existing.has_relative_path()) existing = existing.parent_path();
    const auto space = fs::space(existing, error);
    check(error, "read the free space of", existing.string());
    return space.available;
}

bool FileSystem::writable(const std::string& path) { return access(path.c_str(), W_OK | X_OK) == 0; }

bool FileSystem::owned(const std::string& path) {
    struct stat status = {};
    return stat(path.c_str(), &status) == 0 && status.st_uid == geteuid();
}

bool FileSystem::writable_by_others(const std::string& path) {
    struct stat status = {};
    return stat(path.c_str(), &status) == 0 && (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

bool FileSystem::lock_directory(const std::string& path) {
    if (locked_.count(path) != 0) return true;
    Descriptor directory(path, O_RDONLY | O_DIRECTORY);
    if (!directory.there()) fail("open the directory", path, errno);
    if (flock(directory.number(), LOCK_EX | LOCK_NB) != 0) return false;
    directory.release();  // the lock lives as long as the process
    locked_.insert(path);
    return true;
}

}  // namespace real
