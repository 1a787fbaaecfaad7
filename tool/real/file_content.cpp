// The seam Files: parts of files, links, and what reaches the disk.
#include <dirent.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <memory>

#include "tool/real/descriptor.hpp"
#include "tool/real/files.hpp"

namespace real {

namespace {

world::Kind kind_of(const struct stat& status) {
    return S_ISREG(status.st_mode) ? world::Kind::file : S_ISDIR(status.st_mode) ? world::Kind::directory : world::Kind::other;
}

// Returns how many bytes there were.
std::size_t read_up_to(const Descriptor& file, std::string& buffer, std::uint64_t offset, const std::string& path) {
    std::size_t done = 0;
    while (done < buffer.size()) {
        const ssize_t count =
            pread(file.number(), buffer.data() + done, buffer.size() - done, static_cast<off_t>(offset + done));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail("read", path, errno);
        if (count == 0) break;
        done += static_cast<std::size_t>(count);
    }
    return done;
}

}  // namespace

std::vector<world::Entry> FileSystem::entries(const std::string& path) {
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(path.c_str()), &closedir);
    if (!stream) fail("read the directory", path, errno);
    std::vector<world::Entry> result;
    while (const dirent* found = readdir(stream.get())) {
        const std::string name = found->d_name;
        struct stat status = {};
        if (name == "." || name == "..") continue;
        if (fstatat(dirfd(stream.get()), found->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;  // gone
        result.push_back({name, kind_of(status), S_ISLNK(status.st_mode), static_cast<std::uint64_t>(status.st_size)});
    }
    return result;
}

std::string FileSystem::link_target(const std::string& path) {
    std::array<char, 4096> target;
    const ssize_t size = readlink(path.c_str(), target.data(), target.size());
    return size < 0 ? "" : std::string(target.data(), static_cast<std::size_t>(size));
}

void FileSystem::make_link(const std::string& target, const std::string& path) {
    if (symlink(target.c_str(), path.c_str()) != 0) fail("make the link", path, errno);
}

bool FileSystem::create(const std::string& path, const std::string& text, unsigned mode) {
    const Descriptor file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    if (!file.there() && errno == EEXIST) return false;
    if (!file.there()) fail("create", path, errno);
    write_part(path, 0, text, mode);
    return true;
}

std::optional<std::string> FileSystem::read_part(const std::string& path, std::uint64_t offset, std::size_t length) {
    const Descriptor file(path, O_RDONLY | O_NOFOLLOW);
    if (!file.there() && (errno == ENOENT || errno == ENOTDIR)) return {};
    if (!file.there()) fail("read", path, errno);
    std::string buffer(length, '\0');
    buffer.resize(read_up_to(file, buffer, offset, path));
    return buffer;
}

void FileSystem::write_part(const std::string& path, std::uint64_t offset, std::string_view content, unsigned mode) {
    const Descriptor file(path, O_WRONLY | O_CREAT | O_NOFOLLOW, mode);
    if (!file.there()) fail("write", path, errno);
    while (!content.empty()) {
        const ssize_t count = pwrite(file.number(), content.data(), content.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail("write", path, errno);
        content.remove_prefix(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
}

void FileSystem::truncate(const std::string& path, std::uint64_t size) {
    if (::truncate(path.c_str(), static_cast<off_t>(size)) != 0) fail("truncate", path, errno);
}

void FileSystem::sync_file_system(const std::string& path) {
    const Descriptor directory(path, O_RDONLY | O_DIRECTORY);
    if (!directory.there() || syncfs(directory.number()) != 0) fail("flush the file system of", path, errno);
}

}  // namespace real
