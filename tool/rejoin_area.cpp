#include "tool/rejoin_area.hpp"

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

void forget(world::Files& files, const std::string& directory) {
    files.remove(mark_path(directory));
    files.sync_directory(directory);
}

}  // namespace rejoin_area
