#include "tool/refresh_kept.hpp"

#include <algorithm>
#include <array>

#include "core/conf.hpp"

namespace refreshing {

namespace {

bool lies_in(std::string_view path, std::string_view directory) {
    return path.size() > directory.size() && path.substr(0, directory.size()) == directory && path[directory.size()] == '/';
}

// conf::parse leaves includes without a name: as "x" they are settings like others.
std::string value_behind(std::string_view line, std::string_view keyword) {
    const auto lines = conf::parse("x" + std::string(line.substr(keyword.size())));
    return lines.empty() ? "" : lines.front().value;
}

std::string included_by(std::string_view line) {
    const auto start = line.find_first_not_of(" \t");
    if (start == std::string_view::npos) return {};
    line.remove_prefix(start);
    for (const std::string_view keyword : {"include_if_exists", "include_dir", "include"}) {
        if (line.substr(0, keyword.size()) != keyword || line.size() == keyword.size()) continue;
        if (std::string_view(" \t='").find(line[keyword.size()]) != std::string_view::npos) return value_behind(line, keyword);
    }
    return {};
}

}  // namespace

bool Kept::covers(std::string_view path) const {
    return is_own(path) || std::any_of(paths_.begin(), paths_.end(),
                                       [path](const auto& kept) { return path == kept || lies_in(path, kept); });
}

bool Kept::reaches_into(std::string_view path) const {
    return std::any_of(paths_.begin(), paths_.end(), [path](const auto& kept) { return lies_in(kept, path); });
}

std::string below(const std::string& directory, const std::string& name) {
    std::string path = name.rfind(directory + "/", 0) == 0 ? name.substr(directory.size() + 1) : name;
    while (path.rfind("./", 0) == 0) path.erase(0, 2);
    while (!path.empty() && path.back() == '/') path.pop_back();
    const bool leaves = path.empty() || path == "." || path.front() == '/' || ("/" + path + "/").find("/../") != std::string::npos;
    return leaves ? "" : path;
}

std::vector<std::string> includes(std::string_view file) {
    std::vector<std::string> names;
    for (const conf::Line& line : conf::parse(file))
        if (const std::string name = included_by(line.text); !name.empty()) names.push_back(name);
    return names;
}

bool is_own(std::string_view path) {
    static constexpr std::array<std::string_view, 5> names = {"standby.signal", "postmaster.pid", "postmaster.opts",
                                                              "server.log", "lost+found"};
    if (path.rfind("pg_replica.", 0) == 0 && path.find('/') == std::string_view::npos) return true;
    return std::find(names.begin(), names.end(), path) != names.end();
}

}  // namespace refreshing
