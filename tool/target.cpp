#include "tool/target.hpp"

#include <algorithm>
#include <optional>

#include "core/conf.hpp"
#include "core/error.hpp"

namespace target {

namespace {

const std::string standby_signal = "standby.signal";
const std::string last_moved = "global";

const std::string first_line =
    "# An unfinished clone of pg_replica: run the same command again, or remove this directory.\n";

bool is_true(const std::string& text) { return text == "true"; }

Outside split_outside(const std::string& text) {
    const auto space = std::min(text.find(' '), text.size());
    return {text.substr(std::min(space + 1, text.size())), text.substr(0, space)};
}

Marker parsed(const std::string& text) {
    Marker marker;
    for (const conf::Line& line : conf::parse(text)) {
        if (line.name == "slot") marker.slot = line.value;
        if (line.name == "role") marker.role = line.value;
        if (line.name == "admitted") marker.admitted = is_true(line.value);
        if (line.name == "system_identifier") marker.system_identifier = line.value;
        if (line.name == "slot_created") marker.slot_created = is_true(line.value);
        if (line.name == "made_directory") marker.made_directory = is_true(line.value);
        if (line.name == "placed") marker.placed = is_true(line.value);
        if (line.name == "outside") marker.outside.push_back(split_outside(line.value));
        if (line.name == "made_outside") marker.made_outside.push_back(line.value);
    }
    return marker;
}

std::string written(const Marker& marker) {
    const auto truth = [](bool value) { return std::string(value ? "true" : "false"); };
    std::string text = first_line + conf::line({"slot", marker.slot}) + conf::line({"role", marker.role}) +
                       conf::line({"admitted", truth(marker.admitted)}) +
                       conf::line({"system_identifier", marker.system_identifier}) +
                       conf::line({"slot_created", truth(marker.slot_created)}) +
                       conf::line({"made_directory", truth(marker.made_directory)}) +
                       conf::line({"placed", truth(marker.placed)});
    for (const Outside& each : marker.outside)
        text += conf::line({"outside", each.identity + " " + each.path});
    for (const std::string& path : marker.made_outside) text += conf::line({"made_outside", path});
    return text;
}

// A log or an export that happens to hold such lines is no mark: only what this tool would write, byte for byte.
std::optional<Marker> read_marker(world::Files& files, const std::string& directory) {
    if (!files.owned(directory) || files.writable_by_others(directory)) return {};
    const auto text = files.read_private(marker_path(directory));
    if (!text) return {};
    try {
        Marker marker = parsed(*text);
        if (written(marker) == *text) return marker;
    } catch (const core::Error&) {
        // control characters, which are never written
    }
    return {};
}

// Another clone, or a stranger, may have put something else at the place of a directory that was made.
void remove_made(world::Files& files, const std::string& path) {
    if (!files.identity(path).empty() && !holds_something(files, path)) files.remove(path);
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
    if (const auto marker = read_marker(files, directory)) return {State::unfinished, *marker};
    return {holds_something(files, directory) ? State::occupied : State::empty, {}};
}

void write_marker(world::Files& files, const std::string& directory, const Marker& marker) {
    files.write(marker_path(directory), written(marker), 0600);
}

bool is_claimed(world::Files& files, const Marker& marker, const std::string& path) {
    const Outside now{path, files.identity(path)};
    return std::find(marker.outside.begin(), marker.outside.end(), now) != marker.outside.end();
}

std::vector<std::string> not_ours(world::Files& files, const Marker& marker,
                                  const std::vector<std::string>& own) {
    std::vector<std::string> paths;
    for (const Outside& each : marker.outside) {
        const bool known = std::find(own.begin(), own.end(), each.path) != own.end();
        if (known && files.identity(each.path) == each.identity) continue;
        if (holds_something(files, each.path)) paths.push_back(each.path);
    }
    return paths;
}

std::vector<std::string> wipe(world::Files& files, const std::string& directory, const Marker& marker) {
    auto mark = read_marker(files, directory);
    if (!mark) return holds_something(files, directory) ? std::vector{directory} : std::vector<std::string>{};
    mark->placed = false;
    write_marker(files, directory, *mark);
    std::vector<std::string> left;
    for (const Outside& each : marker.outside)
        if (!files.empty_directory(each.path, each.identity) && holds_something(files, each.path))
            left.push_back(each.path);
    for (const std::string& path : marker.made_outside) remove_made(files, path);
    auto names = files.list(directory);
    // what makes a directory startable goes first
    std::stable_partition(names.begin(), names.end(), [](const auto& name) { return name == last_moved; });
    for (const std::string& name : names)
        if (name != marker_name && name != "lost+found") files.remove_tree(directory + "/" + name);
    files.remove(marker_path(directory));
    files.sync_directory(directory);
    return left;
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
