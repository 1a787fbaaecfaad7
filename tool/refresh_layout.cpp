// The step of refresh that makes the tree of files what the primary's is: all that is missing there goes, directories and
// tablespaces that are missing here come, and no file is longer than the primary's.
#include <fmt/format.h>

#include "core/error.hpp"
#include "tool/refresh_run.hpp"

namespace refreshing {

namespace {

bool is_tablespace_link(const std::string& path) { return path.rfind("pg_tblspc/", 0) == 0 && path.find('/', 10) == std::string::npos; }

// A link that -T does not move stays where it leads.
std::string place_of(world::World& world, const Run& run, const Item& tablespace) {
    for (const std::string& mapping : run.base->options.tablespace_mapping)
        if (const auto sides = cloning::split_mapping(mapping); sides.from == tablespace.target) return sides.to;
    const std::string now = world.files.link_target(run.path(tablespace.path));
    return now.empty() ? tablespace.target : now;
}

class Layout {
 public:
    Layout(world::World& world, Run& run) : world_(world), run_(run) {}

    void run() {
        sweep("");
        for (const Item& item : run_.list.items) make(item);
        world_.reporter.fact(fmt::format("{} removed, {} made, {} cut to the primary's size", removed_, made_, cut_));
    }

 private:
    void sweep(const std::string& folder) {
        for (const world::Entry& entry : world_.files.entries(folder.empty() ? run_.directory() : run_.path(folder)))
            visit(entry, folder.empty() ? entry.name : folder + "/" + entry.name);
    }

    void visit(const world::Entry& entry, const std::string& path) {
        if (run_.kept.covers(path)) return;
        const Item* wanted = run_.list.find(path);
        if (entry.link) return visit_link(path, wanted);
        const bool folder = entry.kind == world::Kind::directory;
        if (folder && ((wanted != nullptr && wanted->kind == Listed::directory) || run_.kept.reaches_into(path)))
            return sweep(path);
        if (wanted == nullptr || wanted->kind != Listed::file || entry.kind != world::Kind::file) return remove(path);
        if (entry.size > wanted->size) cut(path, wanted->size);
    }

    // Of all links only pg_wal and those of tablespaces mean something.
    void visit_link(const std::string& path, const Item* wanted) {
        const bool leads = world_.files.kind(run_.path(path)) == world::Kind::directory;
        if (leads && path == "pg_wal" && wanted != nullptr) return sweep(path);
        if (leads && is_tablespace_link(path)) {
            const bool stays = wanted != nullptr && wanted->kind == Listed::tablespace &&
                               place_of(world_, run_, *wanted) == world_.files.link_target(run_.path(path));
            if (stays) return sweep(path);
            empty_tablespace(path);
        }
        remove(path);
    }

    // Of a tablespace that the primary has no more, as replay of its drop would do.
    void empty_tablespace(const std::string& path) {
        for (const std::string& name : world_.files.list(run_.path(path)))
            if (name.rfind("PG_", 0) == 0) world_.files.remove_tree(run_.path(path) + "/" + name);
    }

    void make(const Item& item) {
        const std::string path = run_.path(item.path);
        if (run_.kept.covers(item.path)) return;
        if (item.kind == Listed::file) {
            if (item.size == 0) world_.files.open_for_writing(path, run_.file_mode());
            return;
        }
        if (world_.files.kind(path) == world::Kind::directory) return;
        if (item.kind == Listed::tablespace) make_tablespace(item);
        else if (item.path == "pg_wal" && !run_.base->options.waldir.empty()) world_.files.make_link(run_.base->options.waldir, path);
        else world_.files.make_directory(path, run_.directory_mode());
        ++made_;
    }

    void make_tablespace(const Item& item) {
        const std::string place = place_of(world_, run_, item);
        const bool is_ours = !run_.staging.empty() &&
                             target::is_claimed(world_.files, run_.base->marker, world_.files.canonical(place));
        if (!is_ours && target::holds_something(world_.files, place))
            throw core::Error(core::sqlstate::object_in_use,
                              fmt::format("the directory \"{}\" for a new tablespace is not empty", place),
                              fmt::format("The primary has the tablespace in \"{}\".", item.target),
                              fmt::format("Map it to an empty directory with -T {}=/NEW/DIRECTORY.", item.target));
        if (world_.files.kind(place) == world::Kind::missing) world_.files.make_directory(place, run_.directory_mode());
        world_.files.remove(run_.path(item.path));  // a link that leads nowhere
        world_.files.make_link(place, run_.path(item.path));
        if (is_ours) sweep(item.path);  // pg_basebackup makes the link late
        world_.reporter.fact(fmt::format("the tablespace in {} of the primary is in {} here", item.target, place));
    }

    void remove(const std::string& path) {
        world_.files.remove_tree(run_.path(path));
        ++removed_;
    }

    void cut(const std::string& path, std::uint64_t size) {
        world_.files.truncate(run_.path(path), size);
        ++cut_;
    }

    world::World& world_;
    Run& run_;
    std::uint64_t removed_ = 0, made_ = 0, cut_ = 0;
};

}  // namespace

void lay_out(world::World& world, Run& run) {
    run.list = read_list(*run.control);
    run.touched = true;
    Layout(world, run).run();
}

}  // namespace refreshing
