#include "tool/space.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <map>

namespace cloning {

namespace {

// The segment that is written, and the next one, which is made ahead.
constexpr std::uint64_t first_segments = 2;

std::string without_slashes_at_end(std::string path) {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return path;
}

std::uint64_t bytes_outside(const PrimaryFacts& primary) {
    std::uint64_t sum = 0;
    for (const Tablespace& tablespace : primary.tablespaces) sum += tablespace.bytes;
    return sum;
}

// The device of the nearest directory that exists; a path of which nothing can be told shares with no other.
std::string file_system(world::Files& files, const std::string& path) {
    std::filesystem::path at = path;
    while (at.has_relative_path() && files.kind(at.string()) == world::Kind::missing) at = at.parent_path();
    const std::string identity = files.identity(files.canonical(at.string()));
    return identity.empty() ? path : identity.substr(0, identity.find(':'));
}

struct FileSystem {
    std::string paths;
    std::uint64_t needed = 0, free = 0;
    bool holds_wal = false;
};

}  // namespace

Mapping split_mapping(const std::string& mapping) {
    Mapping sides;
    std::string* side = &sides.from;
    for (std::size_t i = 0; i < mapping.size(); ++i) {
        if (mapping[i] == '=' && side == &sides.from)
            side = &sides.to;
        else if (mapping[i] == '\\' && i + 1 < mapping.size() && mapping[i + 1] == '=')
            *side += mapping[++i];
        else
            *side += mapping[i];
    }
    return {without_slashes_at_end(sides.from), without_slashes_at_end(sides.to)};
}

std::string mapped(const Options& options, const std::string& location) {
    for (const std::string& mapping : options.tablespace_mapping)
        if (const Mapping sides = split_mapping(mapping); sides.from == location) return sides.to;
    return location;
}

std::vector<Place> places(const Options& options, const PrimaryFacts& primary) {
    const std::uint64_t wal = first_segments * primary.wal_segment_size;
    const std::uint64_t outside = bytes_outside(primary);
    std::vector<Place> places{{options.directory, primary.bytes > outside ? primary.bytes - outside : 0}};
    if (!options.waldir.empty()) places.push_back({options.waldir, 0});
    places.back().needed += wal;
    places.back().holds_wal = true;
    for (const Tablespace& tablespace : primary.tablespaces)
        places.push_back({mapped(options, tablespace.location), tablespace.bytes});
    return places;
}

void look_at_space(world::Files& files, std::vector<Place>& places) {
    for (Place& place : places) {
        place.file_system = file_system(files, place.path);
        place.free = files.free_bytes(place.path);
    }
}

std::vector<Shortage> shortages(const std::vector<Place>& places, std::uint64_t max_wal_size) {
    std::map<std::string, FileSystem> file_systems;
    for (const Place& place : places) {
        FileSystem& at = file_systems[place.file_system];
        at.paths += fmt::format("{}\"{}\"", at.paths.empty() ? "" : " and ", place.path);
        at.needed += place.needed;
        at.free = place.free;
        at.holds_wal = at.holds_wal || place.holds_wal;
    }
    std::vector<Shortage> found;
    for (const auto& [name, at] : file_systems) {
        const std::uint64_t grown = at.needed + (at.holds_wal ? max_wal_size : 0);
        if (at.free < at.needed)
            found.push_back({at.paths, at.needed, at.free, false});
        else if (at.free < grown)
            found.push_back({at.paths, grown, at.free, true});
    }
    return found;
}

}  // namespace cloning
