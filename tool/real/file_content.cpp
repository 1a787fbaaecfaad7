// The seam Files: parts of files, links, and what reaches the disk.
#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <algorithm>
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

// Pieces of one file that are to be written one behind the other.
class Vector {
 public:
    explicit Vector(const std::vector<std::string_view>& pieces) {
        for (const std::string_view piece : pieces)
            if (!piece.empty()) rest_.push_back({const_cast<char*>(piece.data()), piece.size()});
    }
    bool empty() const { return at_ == rest_.size(); }
    const iovec* data() const { return rest_.data() + at_; }
    // as many as a system call takes
    int count() const { return static_cast<int>(std::min<std::size_t>(rest_.size() - at_, IOV_MAX)); }
    void advance(std::size_t written) {
        for (; at_ < rest_.size() && written >= rest_[at_].iov_len; ++at_) written -= rest_[at_].iov_len;
        if (at_ == rest_.size()) return;
        rest_[at_].iov_base = static_cast<char*>(rest_[at_].iov_base) + written;
        rest_[at_].iov_len -= written;
    }

 private:
    std::vector<iovec> rest_;
    std::size_t at_ = 0;
};

class RealOpenFile : public world::OpenFile {
 public:
    RealOpenFile(std::string path, int number) : path_(std::move(path)), file_(number) {}

    std::size_t read(char* buffer, std::size_t size, std::uint64_t offset) override {
        std::size_t done = 0;
        while (done < size) {
            const ssize_t count = pread(file_.number(), buffer + done, size - done, static_cast<off_t>(offset + done));
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) fail("read", path_, errno);
            if (count == 0) break;
            done += static_cast<std::size_t>(count);
        }
        return done;
    }

    void write(std::uint64_t offset, const std::vector<std::string_view>& pieces) override {
        for (Vector rest(pieces); !rest.empty();) {
            const ssize_t count = pwritev(file_.number(), rest.data(), rest.count(), static_cast<off_t>(offset));
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) fail("write", path_, errno);
            rest.advance(static_cast<std::size_t>(count));
            offset += static_cast<std::uint64_t>(count);
        }
    }

 private:
    std::string path_;
    Descriptor file_;
};

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
    Descriptor file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    if (!file.there() && errno == EEXIST) return false;
    if (!file.there()) fail("create", path, errno);
    RealOpenFile(path, file.release()).write(0, {text});
    return true;
}

std::unique_ptr<world::OpenFile> FileSystem::open_for_reading(const std::string& path) {
    Descriptor file(path, O_RDONLY | O_NOFOLLOW);
    if (!file.there() && (errno == ENOENT || errno == ENOTDIR)) return nullptr;
    if (!file.there()) fail("read", path, errno);
    return std::make_unique<RealOpenFile>(path, file.release());
}

std::unique_ptr<world::OpenFile> FileSystem::open_for_writing(const std::string& path, unsigned mode) {
    Descriptor file(path, O_WRONLY | O_CREAT | O_NOFOLLOW, mode);
    if (!file.there()) fail("write", path, errno);
    return std::make_unique<RealOpenFile>(path, file.release());
}

void FileSystem::truncate(const std::string& path, std::uint64_t size) {
    if (::truncate(path.c_str(), static_cast<off_t>(size)) != 0) fail("truncate", path, errno);
}

void FileSystem::sync_file_system(const std::string& path) {
    const Descriptor directory(path, O_RDONLY | O_DIRECTORY);
    if (!directory.there() || syncfs(directory.number()) != 0) fail("flush the file system of", path, errno);
}

}  // namespace real
