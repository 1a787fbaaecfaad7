#include "tool/refresh_list.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "tool/link.hpp"

namespace refreshing {

namespace {

[[noreturn]] void refuse(const std::string& what) {
    throw core::Error(core::sqlstate::protocol_violation, "the primary's list of files makes no sense", what,
                      "Both sides must run the same version of pg_replica.");
}

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    refuse("A path is not written in hexadecimal digits.");
}

std::string from_hex(const std::string& text) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) bytes += static_cast<char>(digit(text[i]) << 4 | digit(text[i + 1]));
    return bytes;
}

// The primary may name what lies in the directory, and nothing else.
void check_path(const std::string& path) {
    const std::string framed = "/" + path + "/";
    for (const char* part : {"//", "/../", "/./"})
        if (framed.find(part) != std::string::npos) refuse(fmt::format("It names \"{}\".", path));
    if (path.find('\0') != std::string::npos) refuse("A path holds a zero byte.");
}

Listed kind_of(const std::string& text) {
    if (text == "directory") return Listed::directory;
    if (text == "file") return Listed::file;
    if (text == "tablespace") return Listed::tablespace;
    refuse(fmt::format("It names the kind \"{}\".", text));
}

}  // namespace

const Item* List::find(const std::string& path) const {
    const auto found = places.find(path);
    return found == places.end() ? nullptr : &items[found->second];
}

List read_list(world::Session& primary) {
    const world::Rows rows = primary.query("SELECT encode(path, 'hex'), kind, size, target FROM replica.refresh_list()");
    List list;
    for (const auto& row : rows.rows) {
        Item item{from_hex(row.at(0).value_or("")), kind_of(row.at(1).value_or("")), tool::bytes(row.at(2)),
                  row.at(3).value_or("")};
        if (item.path.empty()) continue;  // the data directory itself
        check_path(item.path);
        list.items.push_back(std::move(item));
    }
    std::sort(list.items.begin(), list.items.end(), [](const Item& a, const Item& b) { return a.path < b.path; });
    for (std::size_t i = 0; i < list.items.size(); ++i) list.places[list.items[i].path] = i;
    return list;
}

}  // namespace refreshing
