// What the primary's data directory holds, as replica.refresh_list() tells it.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "tool/world.hpp"

namespace refreshing {

enum class Listed { directory, file, tablespace };

struct Item {
    std::string path;  // below the data directory
    Listed kind = Listed::file;
    std::uint64_t size = 0;
    std::string target;  // of a tablespace: its place on the primary
};

struct List {
    std::vector<Item> items;  // by path: a directory before what is in it
    std::unordered_map<std::string, std::size_t> places;  // by path

    const Item* find(const std::string& path) const;
};

// Throws core::Error (08P01) for a path that would lead out of the directory.
List read_list(world::Session& primary);

}  // namespace refreshing
