#include "tool/target.hpp"

#include <algorithm>

#include "core/conf.hpp"
#include "core/error.hpp"

namespace target {

namespace {

const std::string standby_signal = "standby.signal";
const std::string last_moved = "global";

bool is_true(const std::string& text) { return text == "true"; }

Marker read_marker(world::Files& files, const std::string& directory) {
    Marker marker;
    for (const conf::Line& line : conf::parse(files.read(marker_path(directory)))) {
        if (line.name == "slot") marker.slot = line.value;
        if (line.name == "role") marker.role = line.value;
        if (line.name == "admitted") marker.admitted = is_true(line.value);
        if (line.name == "system_identifier") marker.system_identifier = line.value;
        if (line.name == "slot_created") marker.slot_created = is_true(line.value);
        if (line.name == "made_directory") marker.made_directory = is_true(line.value);
        if (line.name == "placed") marker.placed = is_true(line.value);
        if (line.name == "outside") marker.outside.push_back(line.value);
        if (line.name == "made_outside") marker.made_outside.push_back(line.value);
    }
    return marker;
}

void empty(world::Files& files, const std::string& directory) {
    if (files.kind(directory) != world::Kind::directory) return;
    for (const std::string& name : files.list(directory))
        if (name != "lost+found") files.remove_tree(directory + "/" + name);
}

}  // namespace

std::string partial_path(const std::string& directory) { return directory + "/" + partial_name; }
std::string marker_path(const std::string& directory) { return directory + "/" + marker_name; }
std::string passfile_path(const std::string& directory) { return directory + "/" + passfile_name; }

bool holds_something(world::Files& files, const std::string& path) {
    if (files.kind(path) == world::Kind::missing) return false;
    try {
        const auto names = files.list(path);
        return std::any_of(names.begin(), names.end(), [](const auto& name) { return name != "lost+found"; });
    } catch (const core::Error&) {
        return true;
    }
}

Found inspect(world::Files& files, const std::string& directory) {
    switch (files.kind(directory)) {
        case world::Kind::missing:
            return {State::missing, {}};
        case world::Kind::directory:
            break;
        default:
            return {State::occupied, {}};
    }
    // a mark that somebody else left would name directories of his choice for removal
    const std::string marker = marker_path(directory);
    if (files.kind(marker) == world::Kind::file && files.owned(marker))
        return {State::unfinished, read_marker(files, directory)};
    return {holds_something(files, directory) ? State::occupied : State::empty, {}};
}

void write_marker(world::Files& files, const std::string& directory, const Marker& marker) {
    const auto truth = [](bool value) { return std::string(value ? "true" : "false"); };
    std::string text =
        "# An unfinished clone of pg_replica: run the same command again, or remove this directory.\n" +
        conf::line({"slot", marker.slot}) + conf::line({"role", marker.role}) +
        conf::line({"admitted", truth(marker.admitted)}) +
        conf::line({"system_identifier", marker.system_identifier}) +
        conf::line({"slot_created", truth(marker.slot_created)}) +
        conf::line({"made_directory", truth(marker.made_directory)}) +
        conf::line({"placed", truth(marker.placed)});
    for (const std::string& path : marker.outside) text += conf::line({"outside", path});
    for (const std::string& path : marker.made_outside) text += conf::line({"made_outside", path});
    files.write(marker_path(directory), text, 0600);
}

void wipe(world::Files& files, const std::string& directory) {
    if (files.kind(marker_path(directory)) == world::Kind::missing) return;
    Marker marker = read_marker(files, directory);
    marker.placed = false;
    write_marker(files, directory, marker);
    for (const std::string& path : marker.outside) empty(files, path);
    for (const std::string& path : marker.made_outside) files.remove(path);
    auto names = files.list(directory);
    // what makes a directory startable goes first
    std::stable_partition(names.begin(), names.end(), [](const auto& name) { return name == last_moved; });
    for (const std::string& name : names)
        if (name != marker_name && name != "lost+found") files.remove_tree(directory + "/" + name);
    files.remove(marker_path(directory));
    files.sync_directory(directory);
}

void place(world::Files& files, const std::string& directory) {
    const std::string partial = partial_path(directory);
    const auto move = [&](const std::string& name) {
        files.rename(partial + "/" + name, directory + "/" + name);
    };
    move(standby_signal);
    files.sync_directory(directory);
    for (const std::string& name : files.list(partial))
        if (name != last_moved) move(name);
    files.sync_directory(directory);
    move(last_moved);
    files.remove(partial);
    files.sync_directory(directory);
}

}  // namespace target
