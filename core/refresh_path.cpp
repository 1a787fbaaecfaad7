#include "core/refresh_path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "core/name.hpp"
#include "core/refresh_wire.hpp"

namespace refresh {

namespace {

using Components = std::vector<std::string_view>;

bool is_number(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Takes the digits that text begins with; none when there are none, or too many for an OID.
std::string_view take_number(std::string_view& text) {
    const std::string_view digits = text.substr(0, std::min(text.find_first_not_of("0123456789"), text.size()));
    if (digits.size() > 10) return {};
    text.remove_prefix(digits.size());
    return digits;
}

bool take(std::string_view& text, std::string_view start) {
    if (!text.starts_with(start)) return false;
    text.remove_prefix(start.size());
    return true;
}

// The components of a path that stays below its folder; nothing for all others.
std::optional<Components> components_of(std::string_view path) {
    if (path.size() > most_path || path.find('\0') != std::string_view::npos) return std::nullopt;
    Components components;
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        const std::string_view component = path.substr(at, end - at);
        if (component.empty() || component == "." || component == "..") return std::nullopt;
        components.push_back(component);
        at = end + 1;
    }
    return components;
}

// Wherever they are: temporary files, and what must be made anew for each server or backup.
bool is_excluded_name(std::string_view name) {
    static constexpr std::array<std::string_view, 8> names = {
        "postgresql.auto.conf.tmp", "current_logfiles.tmp", "backup_label",   "tablespace_map",
        "backup_manifest",          "postmaster.pid",       "postmaster.opts", ".DS_Store"};
    return name.starts_with("pgsql_tmp") || name.starts_with("pg_internal.init") ||
           std::find(names.begin(), names.end(), name) != names.end();
}

// Folders that a server empties or fills anew when it starts.
bool is_emptied_name(std::string_view name) {
    static constexpr std::array<std::string_view, 7> names = {"pg_stat_tmp", "pg_replslot",  "pg_dynshmem", "pg_notify",
                                                              "pg_serial",   "pg_snapshots", "pg_subtrans"};
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_below(std::string_view path, std::string_view folder) {
    return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

bool has_place(const Components& parts, const Layout& layout) {
    if (parts[0] == "pg_wal")
        return parts.size() == 1 ||
               (parts.size() == 2 && (parts[1] == "archive_status" || (layout.has_wal_summaries && parts[1] == "summaries")));
    if (parts[0] == "pg_tblspc" && parts.size() > 2) return is_number(parts[1]) && parts[2] == layout.tablespace_version;
    return true;
}

// The folder of a database, in which relations lie.
bool is_in_database(const Components& parts, const Layout& layout) {
    if (parts.size() == 3) return parts[0] == "base" && is_number(parts[1]);
    return parts.size() == 5 && parts[0] == "pg_tblspc" && is_number(parts[1]) && parts[2] == layout.tablespace_version &&
           is_number(parts[3]);
}

// What is left of a relation's name behind its number: "", "_fsm", ".1", "_vm.2".
std::optional<RelationFile> parse_rest(std::string_view number, std::string_view rest) {
    RelationFile file{number, {}, 0};
    for (const std::string_view fork : {"fsm", "vm", "init"})
        if (file.fork.empty() && rest.starts_with('_') && rest.substr(1).starts_with(fork)) {
            file.fork = fork;
            rest.remove_prefix(1 + fork.size());
        }
    if (rest.empty()) return file;
    if (!take(rest, ".") || !is_number(rest)) return std::nullopt;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), file.segment);
    return error == std::errc() ? std::optional(file) : std::nullopt;
}

std::optional<RelationFile> parse_relation(std::string_view name) {
    const std::string_view number = take_number(name);
    return number.empty() ? std::nullopt : parse_rest(number, name);
}

// "t3_16385_fsm": of the session 3.
bool is_temporary(std::string_view name) {
    if (!take(name, "t") || take_number(name).empty() || !take(name, "_")) return false;
    return parse_relation(name).has_value();
}

}  // namespace

bool is_copied(std::string_view path, const Layout& layout) {
    const auto parts = components_of(path);
    if (!parts || !has_place(*parts, layout)) return false;
    if (std::any_of(parts->begin(), parts->end(), is_excluded_name)) return false;
    if (std::any_of(parts->begin(), parts->end() - 1, is_emptied_name)) return false;
    for (const std::string& folder : layout.left_empty)
        if (is_below(path, folder)) return false;
    return !(is_in_database(*parts, layout) && is_temporary(parts->back()));
}

bool is_entered(std::string_view folder, const Layout& layout) {
    const std::size_t slash = folder.rfind('/');
    const std::string_view name = folder.substr(slash == std::string_view::npos ? 0 : slash + 1);
    const auto& empty = layout.left_empty;
    return !is_emptied_name(name) && folder != "pg_wal" && std::find(empty.begin(), empty.end(), folder) == empty.end();
}

bool is_tablespace_link(std::string_view path) { return take(path, "pg_tblspc/") && is_number(path); }

std::optional<RelationFile> relation_file(std::string_view path, const Layout& layout) {
    const auto parts = components_of(path);
    if (!parts) return std::nullopt;
    const bool is_shared = parts->size() == 2 && parts->front() == "global";
    return is_shared || is_in_database(*parts, layout) ? parse_relation(parts->back()) : std::nullopt;
}

std::string init_fork_of(std::string_view path, const Layout& layout) {
    const auto file = relation_file(path, layout);
    if (!file || file->fork == "init") return {};
    return std::string(path.substr(0, path.rfind('/') + 1)).append(file->number).append("_init");
}

std::string printable(std::string_view path) {
    std::string text;
    for (const char c : path) {
        if (c >= 0x20 && c < 0x7F && c != '\\')
            text += c;
        else
            text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
    return name::shown(text);
}

}  // namespace refresh
