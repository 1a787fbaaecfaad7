// The files of the data directory by their paths below it, opened component by component without following symbolic
// links, so that a path means what it says. The link of a tablespace (pg_tblspc/OID) is the one exception.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/refresh_path.hpp"

namespace data_directory {

// What is copied from this server.
refresh::Layout layout();

// A file descriptor that closes itself.
class Descriptor {
 public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(other.number_) { other.number_ = -1; }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { reset(-1); }

    int number() const { return number_; }
    // Closes the old one.
    void reset(int number);
    // Somebody else closes it.
    void release() { number_ = -1; }

 private:
    int number_;
};

// A regular file, open for reading.
class File {
 public:
    // Nothing when there is none, or the folder that would hold it is gone. Throws core::Error (42501) for what is no
    // regular file or lies behind a symbolic link.
    static std::optional<File> open(const std::string& path);

    // Reads size bytes at offset; fewer only where the file ends. pg_control is never seen half written.
    std::size_t read(char* buffer, std::size_t size, std::uint64_t offset) const;

 private:
    File(std::string path, Descriptor descriptor) : path_(std::move(path)), descriptor_(std::move(descriptor)) {}

    std::string path_;
    Descriptor descriptor_;
};

enum class Kind { folder, file, link, other };

struct Entry {
    std::string name;
    Kind kind = Kind::other;
    std::int64_t size = 0;
};

// The entries of a folder, in no order.
class Folder {
 public:
    // path is empty for the data directory itself. Nothing when there is no such folder any more.
    static std::optional<Folder> open(const std::string& path);

    // The next entry; nothing at the end. What vanishes meanwhile is left out.
    std::optional<Entry> next();
    // True when the folder has an entry of that name now.
    bool has(const std::string& name) const;

 private:
    struct Close {
        void operator()(void* stream) const;
    };
    Folder(std::string path, void* stream) : path_(std::move(path)), stream_(stream) {}

    std::string path_;
    std::unique_ptr<void, Close> stream_;
};

// Where a symbolic link points; nothing when there is none.
std::optional<std::string> link_target(const std::string& path);

}  // namespace data_directory
