// A file system in memory for tests; it can be cut off before any of its changes, as kill -9 would.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "tool/world.hpp"

namespace fake {

// Not derived from std::exception: nobody catches it on the way.
struct Killed {};

class Tree : public world::Files {
 public:
    struct Node {
        world::Kind kind = world::Kind::directory;
        std::string text;
        unsigned mode = 0700;
        std::size_t number = 0;  // the inode; 0: the path stands for it
    };

    Tree() { nodes["/"] = {}; }

    // A file or directory with everything above it.
    void file(const std::string& path, const std::string& text = "") {
        directory(parent(path));
        nodes[path] = {world::Kind::file, text, 0600, 0};
    }
    void directory(const std::string& path, unsigned mode = 0700) {
        if (path.size() > 1) directory(parent(path));
        nodes.try_emplace(path, Node{world::Kind::directory, "", mode, 0});
    }
    bool has(const std::string& path) const { return nodes.count(path) > 0; }
    std::vector<std::string> paths() const {
        std::vector<std::string> result;
        for (const auto& [path, node] : nodes) result.push_back(path);
        return result;
    }

    world::Kind kind(const std::string& path) override {
        const auto found = nodes.find(path);
        return found == nodes.end() ? world::Kind::missing : found->second.kind;
    }
    std::vector<std::string> list(const std::string& path) override {
        if (kind(path) != world::Kind::directory || unreadable.count(path) > 0)
            fail("read the directory", path);
        std::vector<std::string> names;
        for (const auto& [other, node] : nodes)
            if (other != "/" && parent(other) == path) names.push_back(other.substr(other.rfind('/') + 1));
        return names;
    }
    std::string read(const std::string& path) override {
        if (kind(path) != world::Kind::file || unreadable.count(path) > 0) fail("read", path);
        return nodes[path].text;
    }
    std::optional<std::string> read_private(const std::string& path) override {
        if (kind(path) != world::Kind::file || unreadable.count(path) > 0 || !owned(path)) return {};
        if (nodes[path].mode != 0600 || links.count(path) > 0) return {};
        return nodes[path].text;
    }
    void write(const std::string& path, const std::string& text, unsigned mode) override {
        change();
        if (kind(parent(path)) != world::Kind::directory) fail("create", path);
        nodes[path] = {world::Kind::file, text, mode, 0};
    }
    void make_directory(const std::string& path, unsigned mode) override {
        change();
        if (has(path) || kind(parent(path)) != world::Kind::directory) fail("create the directory", path);
        nodes[path] = {world::Kind::directory, "", mode, 0};
    }
    void set_mode(const std::string& path, unsigned mode) override {
        change();
        nodes.at(path).mode = mode;
    }
    void rename(const std::string& from, const std::string& to) override {
        change();
        if (!has(from)) fail("rename to", to);
        std::map<std::string, Node> moved;
        for (const std::string& path : within(from)) {
            moved[to + path.substr(from.size())] = nodes[path];
            nodes.erase(path);
        }
        nodes.merge(moved);
    }
    void remove(const std::string& path) override {
        change();
        if (unremovable.count(path) > 0 || within(path).size() > 1) fail("remove", path);
        nodes.erase(path);
    }
    void remove_tree(const std::string& path) override {
        // one change for each file, deepest first: it can be cut off in the middle
        auto paths = within(path);
        std::reverse(paths.begin(), paths.end());
        for (const std::string& each : paths) {
            change();
            nodes.erase(each);
        }
    }
    std::string identity(const std::string& path) override {
        if (kind(path) != world::Kind::directory || links.count(path) > 0) return "";
        const auto number = nodes[path].number > 0 ? nodes[path].number : std::hash<std::string>()(path);
        return "7:" + std::to_string(number);
    }
    bool empty_directory(const std::string& path, const std::string& wanted) override {
        if (wanted.empty() || identity(path) != wanted) return false;
        for (const std::string& name : list(path))
            if (name != "lost+found") remove_tree(path + "/" + name);
        return true;
    }
    void sync_directory(const std::string&) override {}
    std::string canonical(const std::string& path) override { return path; }
    std::uint64_t free_bytes(const std::string&) override { return free; }
    bool writable(const std::string& path) override { return unwritable.count(path) == 0; }
    bool owned(const std::string& path) override { return foreign.count(path) == 0; }
    bool writable_by_others(const std::string& path) override {
        return has(path) && (nodes[path].mode & 022) != 0;
    }
    bool lock_directory(const std::string& path) override { return locked_by_others.count(path) == 0; }
    std::vector<world::Entry> entries(const std::string& path) override {
        std::vector<world::Entry> result;
        for (const std::string& name : list(path)) {
            const Node& node = nodes[path + "/" + name];
            const bool link = targets.count(path + "/" + name) > 0;
            result.push_back({name, link ? world::Kind::other : node.kind, link, node.text.size()});
        }
        return result;
    }
    std::string link_target(const std::string& path) override {
        return targets.count(path) > 0 ? targets[path] : "";
    }
    void make_link(const std::string& target, const std::string& path) override {
        change();
        nodes[path] = {world::Kind::directory, "", 0777, 0};
        targets[path] = target;
    }
    bool create(const std::string& path, const std::string& text, unsigned mode) override {
        if (has(path)) return false;
        write(path, text, mode);
        return true;
    }
    std::unique_ptr<world::OpenFile> open_for_reading(const std::string& path) override {
        return kind(path) == world::Kind::file ? std::make_unique<OpenNode>(*this, path) : nullptr;
    }
    std::unique_ptr<world::OpenFile> open_for_writing(const std::string& path, unsigned mode) override {
        change();
        if (kind(parent(path)) != world::Kind::directory) fail("write", path);
        nodes.try_emplace(path, Node{world::Kind::file, "", mode, 0});
        return std::make_unique<OpenNode>(*this, path);
    }
    void truncate(const std::string& path, std::uint64_t size) override {
        change();
        nodes.at(path).text.resize(size);
    }
    void sync_file_system(const std::string&) override {}

    std::map<std::string, Node> nodes;
    // links: paths that are links to what the node tells
    std::set<std::string> foreign, links, unwritable, unreadable, unremovable, locked_by_others;
    std::map<std::string, std::string> targets;  // of symbolic links, by their paths
    std::uint64_t free = 1ULL << 40;
    int changes_left = -1;  // before the file system is cut off; negative: it never is

 private:
    class OpenNode : public world::OpenFile {
     public:
        OpenNode(Tree& tree, std::string path) : tree_(tree), path_(std::move(path)) {}

        std::size_t read(char* buffer, std::size_t size, std::uint64_t offset) override {
            const std::string& text = tree_.nodes.at(path_).text;
            return offset >= text.size() ? 0 : text.copy(buffer, size, offset);
        }
        void write(std::uint64_t offset, const std::vector<std::string_view>& pieces) override {
            std::string& text = tree_.nodes.at(path_).text;
            for (const std::string_view piece : pieces) {
                tree_.change();
                if (text.size() < offset + piece.size()) text.resize(offset + piece.size());
                text.replace(offset, piece.size(), piece);
                offset += piece.size();
            }
        }

     private:
        Tree& tree_;
        std::string path_;
    };

    static std::string parent(const std::string& path) {
        const auto at = path.rfind('/');
        return at == 0 || at == std::string::npos ? "/" : path.substr(0, at);
    }
    std::vector<std::string> within(const std::string& path) const {
        std::vector<std::string> result;
        for (const auto& [other, node] : nodes)
            if (other == path || other.rfind(path + "/", 0) == 0) result.push_back(other);
        return result;
    }
    void change() {
        if (changes_left == 0) throw Killed{};
        if (changes_left > 0) --changes_left;
    }
    [[noreturn]] static void fail(const std::string& what, const std::string& path) {
        throw core::Error(core::sqlstate::io_error, "cannot " + what + " \"" + path + "\"");
    }
};

}  // namespace fake
