// The seam Files over the file system.
#pragma once

#include <set>

#include "tool/world.hpp"

namespace real {

class FileSystem : public world::Files {
   public:
    world::Kind kind(const std::string& path) override;
    std::vector<std::string> list(const std::string& path) override;
    std::string read(const std::string& path) override;
    std::optional<std::string> read_private(const std::string& path) override;
    void write(const std::string& path, const std::string& text, unsigned mode) override;
    void make_directory(const std::string& path, unsigned mode) override;
    void set_mode(const std::string& path, unsigned mode) override;
    void rename(const std::string& from, const std::string& to) override;
    void remove(const std::string& path) override;
    void remove_tree(const std::string& path) override;
    std::string identity(const std::string& path) override;
    bool empty_directory(const std::string& path, const std::string& identity) override;
    void sync_directory(const std::string& path) override;
    std::string canonical(const std::string& path) override;
    std::uint64_t free_bytes(const std::string& path) override;
    bool writable(const std::string& path) override;
    bool owned(const std::string& path) override;
    bool writable_by_others(const std::string& path) override;
    bool lock_directory(const std::string& path) override;
    // in file_content.cpp:
    std::vector<world::Entry> entries(const std::string& path) override;
    std::string link_target(const std::string& path) override;
    void make_link(const std::string& target, const std::string& path) override;
    bool create(const std::string& path, const std::string& text, unsigned mode) override;
    std::unique_ptr<world::OpenFile> open_for_reading(const std::string& path) override;
    std::unique_ptr<world::OpenFile> open_for_writing(const std::string& path, unsigned mode) override;
    void truncate(const std::string& path, std::uint64_t size) override;
    void sync_file_system(const std::string& path) override;

   private:
    std::set<std::string> locked_;  // directories
};

}  // namespace real
