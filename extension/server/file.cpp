#include "extension/server/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "core/error.hpp"

namespace file {

namespace {

constexpr std::size_t largest = 16 << 20;

const char* sqlstate_of(int cause) {
    switch (cause) {
        case ENOENT:
            return "58P01";
        case EACCES:
        case EPERM:
            return core::sqlstate::insufficient_privilege;
        case ENOSPC:
        case EDQUOT:
            return "53100";
        case ENOMEM:
            return core::sqlstate::out_of_memory;
        default:
            return core::sqlstate::io_error;
    }
}

std::string hint_for(int cause, const std::string& path) {
    const std::string directory = path.substr(0, path.rfind('/'));
    if (cause == ENOSPC || cause == EDQUOT)
        return fmt::format("Make room on the disk that holds \"{}\".", directory);
    if (cause == EACCES || cause == EPERM || cause == EROFS)
        return fmt::format(
            "The server's operating system user must be able to write the file and its directory \"{}\"; "
            "if something else manages them, make the change there.",
            directory);
    return {};
}

[[noreturn]] void fail(const char* what, const std::string& path) {
    const int cause = errno;
    throw core::Error(sqlstate_of(cause), fmt::format("could not {} file \"{}\"", what, path),
                      fmt::format("The operating system says: {}.", std::strerror(cause)),
                      hint_for(cause, path));
}

// An open file that closes itself.
class Handle {
 public:
    Handle(const std::string& path, int flags, mode_t mode = 0)
        : path_(path), number_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {
        if (number_ < 0) fail(flags & O_CREAT ? "create" : "open", path);
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() {
        if (number_ >= 0) ::close(number_);
    }

    struct stat status() const {
        struct stat status {};
        if (::fstat(number_, &status) != 0) fail("examine", path_);
        return status;
    }
    void write(const std::string& content) {
        for (std::size_t done = 0; done < content.size();) {
            const ssize_t count = ::write(number_, content.data() + done, content.size() - done);
            if (count < 0 && errno == EINTR) continue;
            if (count == 0) errno = ENOSPC;
            if (count <= 0) fail("write", path_);
            done += static_cast<std::size_t>(count);
        }
    }
    std::string read_all() {
        std::string content;
        char part[16384];
        for (;;) {
            const ssize_t count = ::read(number_, part, sizeof part);
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) fail("read", path_);
            if (count == 0) return content;
            content.append(part, static_cast<std::size_t>(count));
            if (content.size() <= largest) continue;
            errno = EFBIG;
            fail("read", path_);
        }
    }
    // As the model: who may read the copy must be no more than who may read the original.
    void take_over(const struct stat& model) {
        const struct stat own = status();
        const bool same_owner = own.st_uid == model.st_uid && own.st_gid == model.st_gid;
        if (!same_owner && ::fchown(number_, model.st_uid, model.st_gid) != 0)
            fail("keep the owner of", path_);
        if (::fchmod(number_, model.st_mode & 07777) != 0) fail("keep the mode of", path_);
    }
    void sync() {
        if (::fsync(number_) != 0) fail("sync", path_);
    }

 private:
    const std::string& path_;
    int number_;
};

void sync_directory(const std::string& path) {
    const std::string directory = path.substr(0, path.rfind('/') + 1);
    Handle(directory, O_RDONLY | O_DIRECTORY).sync();
}

void write_new(const std::string& path, const std::string& content, const struct stat& model) {
    ::unlink(path.c_str());
    Handle handle(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    handle.take_over(model);
    handle.write(content);
    handle.sync();
}

void put(const std::string& from, const std::string& to) {
    if (std::rename(from.c_str(), to.c_str()) != 0) fail("replace", to);
    sync_directory(to);
}

std::string resolved(const std::string& path) {
    char* real = ::realpath(path.c_str(), nullptr);
    if (real == nullptr) fail("find", path);
    std::string result;
    try {
        result = real;
    } catch (...) {
        std::free(real);
        throw;
    }
    std::free(real);
    return result;
}

}  // namespace

std::string read(const std::string& path) {
    // a pipe in place of the file must not block the server
    Handle handle(path, O_RDONLY | O_NONBLOCK);
    if (!S_ISREG(handle.status().st_mode)) {
        errno = EINVAL;
        fail("read", path);
    }
    return handle.read_all();
}

double changed_at(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return 0;
    return static_cast<double>(status.st_mtim.tv_sec) + static_cast<double>(status.st_mtim.tv_nsec) / 1e9;
}

std::vector<std::string> configuration_files(const std::string& directory, std::string& error) {
    std::vector<std::string> paths;
    std::error_code failure;
    for (std::filesystem::directory_iterator entry(directory, failure), end; !failure && entry != end;
         entry.increment(failure)) {
        const std::string name = entry->path().filename().string();
        std::error_code ignored;
        if (name.front() != '.' && name.size() > 5 && name.ends_with(".conf") &&
            !entry->is_directory(ignored))
            paths.push_back(entry->path().string());
    }
    if (failure) error = fmt::format("could not open directory \"{}\": {}", directory, failure.message());
    std::sort(paths.begin(), paths.end());
    return paths;
}

Replacement::Replacement(const std::string& path, const std::string& expected_content,
                         const std::string& new_content)
    : target_(resolved(path)), backup_(target_ + backup_suffix), temporary_(target_ + ".pg_replica-new"), old_content_(expected_content), new_content_(new_content) {
    if (read(target_) != expected_content)
        throw core::Error(core::sqlstate::object_in_use,
                          fmt::format("file \"{}\" was changed meanwhile", target_),
                          "Something else has written it since it was read.", "Call the function again.");
    const struct stat model = Handle(target_, O_RDONLY).status();
    try {
        write_new(temporary_, expected_content, model);
        put(temporary_, backup_);
        write_new(temporary_, new_content, model);
    } catch (...) {
        ::unlink(temporary_.c_str());
        throw;
    }
    pending_ = true;
}

Replacement::~Replacement() {
    if (pending_) ::unlink(temporary_.c_str());
}

void Replacement::commit() {
    if (std::rename(temporary_.c_str(), target_.c_str()) != 0) fail("replace", target_);
    pending_ = false;
    sync_directory(target_);
}

void Replacement::roll_back() {
    const std::string content = read(target_);
    if (content == old_content_) return;
    if (content != new_content_)
        throw core::Error(core::sqlstate::object_in_use,
                          fmt::format("file \"{}\" was changed meanwhile and could not be put back", target_),
                          "What was to be rolled back may stand in it still.",
                          fmt::format("Compare it with \"{}\", which holds what it was before.", backup_));
    put(backup_, target_);
}

void overwrite(const std::string& path, const std::string& temporary, const std::string& content) {
    try {
        write_new(temporary, content, Handle(path, O_RDONLY).status());
        put(temporary, path);
    } catch (...) {
        ::unlink(temporary.c_str());
        throw;
    }
}

}  // namespace file
