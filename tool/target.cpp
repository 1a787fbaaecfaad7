#include "tool/target.hpp"

#include <algorithm>
#include <optional>

#include "core/error.hpp"
#include "tool/mark.hpp"

namespace target {

namespace {

const std::string standby_signal = "standby.signal";
const std::string last_moved = "global";

const std::string first_line =
    "# An unfinished clone of pg_replica: run the same command again, or remove this directory.\n";

}  // namespace

// const or not, to be written or read; found by the namespace of its argument
template <class AnyMarker, class Visitor>
static void visit_fields(AnyMarker& marker, Visitor& visit) {
    visit("slot", marker.slot);
    visit("role", marker.role);
    visit("admitted", marker.admitted);
    visit("system_identifier", marker.system_identifier);
    visit("slot_created", marker.slot_created);
    visit("made_directory", marker.made_directory);
    visit("placed", marker.placed);
    visit("outside", marker.outside);
    visit("made_outside", marker.made_outside);
}

// "DEVICE:INODE PATH"
static std::string to_text(const Outside& outside) { return outside.identity + " " + outside.path; }
static void from_text(const std::string& text, Outside& outside) {
    const auto space = std::min(text.find(' '), text.size());
    outside = {text.substr(std::min(space + 1, text.size())), text.substr(0, space)};
}

namespace {

std::optional<Marker> read_marker(world::Files& files, const std::string& directory) {
    if (!files.owned(directory) || files.writable_by_others(directory)) return {};
    return mark::read<Marker>(files, marker_path(directory), first_line);
}

// Another clone, or a stranger, may have put something else at the place of a directory that was made.
void remove_made(world::Files& files, const std::string& path) {
    if (!files.identity(path).empty() && !holds_something(files, path)) files.remove(path);
}

}  // namespace

std::string partial_path(const std::string& directory) { return directory + "/" + partial_name; }
std::string marker_path(const std::string& directory) { return directory + "/" + marker_name; }
std::string passfile_path(const std::string& directory) { return directory + "/" + passfile_name; }

// lost+found is a mount point's; the other is what a clone leaves that is killed while it writes its marker, its first file here.
bool holds_something(world::Files& files, const std::string& path) {
    if (files.kind(path) == world::Kind::missing) return false;
    const std::string half_marker = std::string(marker_name) + ".pg_replica.tmp";  // as world::Files::write() calls it
    try {
        const auto names = files.list(path);
        return std::any_of(names.begin(), names.end(), [&](const auto& name) { return name != "lost+found" && name != half_marker; });
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
    mark::write(files, marker_path(directory), first_line, marker);
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
