#include "tool/rejoin_area.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "tool/target.hpp"

namespace rejoin_area {

namespace {

const std::string last_moved = "global";

std::string mark_path(const std::string& directory) { return directory + "/" + mark_name; }

std::string text_of(Stage stage) {
    const std::string head = "# pg_replica rejoin works on this directory: run the same command again.\nstage = ";
    switch (stage) {
        case Stage::moving: return head + "moving\n";
        case Stage::rewound: return head + "rewound\n";
        default: return head + "rewinding\n";
    }
}

std::string wal_path(const std::string& directory) { return partial_path(directory) + "/pg_wal"; }
std::string kept_path(const std::string& directory) { return directory + "/pg_replica.kept_wal"; }

bool is_wal(const std::string& name) {
    return name.size() == 24 && name.find_first_not_of("0123456789ABCDEF") == std::string::npos;
}

bool is_log(const std::string& name) { return name == "pg_log"; }

void move(world::Files& files, const std::string& name, const std::string& from, const std::string& to) {
    files.rename(from + "/" + name, to + "/" + name);
}

void write_signal(world::Files& files, const std::string& directory) {
    const std::string path = directory + "/standby.signal";
    if (files.kind(path) != world::Kind::file) files.write(path, "", 0600);
}

}  // namespace

std::string partial_path(const std::string& directory) { return target::partial_path(directory); }

Stage look(world::Files& files, const std::string& directory) {
    if (files.kind(mark_path(directory)) == world::Kind::missing) return Stage::none;
    const auto text = files.read_private(mark_path(directory));
    for (const Stage stage : {Stage::moving, Stage::rewound})
        if (text == text_of(stage)) return stage;
    return Stage::rewinding;
}

void note(world::Files& files, const std::string& directory, Stage stage) {
    files.write(mark_path(directory), text_of(stage), 0600);
}

bool belongs_to_cluster(world::Files& files, const std::string& directory, const std::string& name) {
    for (const char* known : {"base", "global", "PG_VERSION", "backup_label", "backup_label.old", "tablespace_map",
                              "tablespace_map.old"})
        if (name == known) return true;
    if (name == target::partial_name || is_log(name)) return false;
    return name.rfind("pg_", 0) == 0 && files.kind(directory + "/" + name) == world::Kind::directory;
}

void move_in(world::Files& files, const std::string& directory) {
    const std::string partial = partial_path(directory);
    write_signal(files, directory);
    if (files.kind(partial) == world::Kind::missing) files.make_directory(partial, unstartable_mode);
    files.set_mode(partial, unstartable_mode);
    // global/ first: without it, what is left behind starts as nothing
    if (files.kind(directory + "/" + last_moved) == world::Kind::directory) move(files, last_moved, directory, partial);
    files.sync_directory(directory);
    for (const std::string& name : files.list(directory))
        if (belongs_to_cluster(files, directory, name)) move(files, name, directory, partial);
    files.sync_directory(partial);
    files.sync_directory(directory);
}

void move_out(world::Files& files, const std::string& directory) {
    const std::string partial = partial_path(directory);
    write_signal(files, directory);
    files.sync_directory(directory);
    if (files.kind(partial) == world::Kind::missing) return;
    for (const std::string& name : files.list(partial))
        if (name != last_moved && belongs_to_cluster(files, partial, name)) move(files, name, partial, directory);
    files.sync_directory(directory);
    if (files.kind(partial + "/" + last_moved) == world::Kind::directory) move(files, last_moved, partial, directory);
    files.sync_directory(directory);
    files.remove_tree(partial);
}

std::vector<std::string> keep_wal(world::Files& files, const std::string& directory) {
    files.remove_tree(kept_path(directory));
    files.make_directory(kept_path(directory), 0700);
    std::vector<std::string> command{"/bin/ln"};
    for (const std::string& name : files.list(wal_path(directory)))
        if (is_wal(name)) command.push_back(wal_path(directory) + "/" + name);
    command.push_back(kept_path(directory));
    return command;
}

void give_wal_back(world::Files& files, const std::string& directory, const std::string& fork_segment) {
    const std::string wal = wal_path(directory);
    for (const std::string& name : files.list(kept_path(directory)))
        if (name.substr(8) < fork_segment && files.kind(wal + "/" + name) == world::Kind::missing)
            move(files, name, kept_path(directory), wal);
    files.sync_directory(wal);
    files.remove_tree(kept_path(directory));
}

std::string first_segment(const std::string& backup_label) {
    const std::string before = " (file ";
    const auto at = backup_label.find(before);
    const std::string name = at == std::string::npos ? "" : backup_label.substr(at + before.size(), 24);
    return is_wal(name) ? name.substr(8) : "";
}

bool has_segment(world::Files& files, const std::string& directory, const std::string& segment) {
    const auto names = files.list(wal_path(directory));
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return is_wal(name) && name.substr(8) == segment; });
}

void forget(world::Files& files, const std::string& directory) {
    files.remove_tree(kept_path(directory));
    files.remove(mark_path(directory));
    files.sync_directory(directory);
}

}  // namespace rejoin_area
