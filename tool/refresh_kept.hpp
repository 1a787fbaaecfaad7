// What a refresh leaves alone: the node's own configuration. Pure functions on texts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace refreshing {

// Paths below the data directory that are neither removed nor fetched, with all below them.
class Kept {
 public:
    Kept() = default;
    explicit Kept(std::vector<std::string> paths) : paths_(std::move(paths)) {}

    bool covers(std::string_view path) const;
    // Something below the directory path is kept.
    bool reaches_into(std::string_view path) const;
    const std::vector<std::string>& paths() const { return paths_; }

 private:
    std::vector<std::string> paths_;
};

// A name in a configuration file as a path below directory; empty when it lies elsewhere or leaves it.
std::string below(const std::string& directory, const std::string& name);

// What a configuration file includes: the names behind include, include_if_exists and include_dir.
std::vector<std::string> includes(std::string_view file);

// The tool's own files and those of a server that is stopped, by name.
bool is_own(std::string_view path);

}  // namespace refreshing
