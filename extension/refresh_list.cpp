#include <fmt/format.h>

#include "core/error.hpp"
#include "core/name.hpp"
#include "core/refresh_path.hpp"
#include "extension/refresh.hpp"
#include "extension/server/boundary.hpp"
#include "extension/server/data_directory.hpp"
#include "extension/server/role.hpp"

namespace refreshing {

namespace {

using data_directory::Entry;
using data_directory::Folder;
using data_directory::Kind;

class Walk {
 public:
    explicit Walk(pg::RowWriter& rows) : rows_(rows), layout_(data_directory::layout()) {}

    // What is in a folder, then what is in its folders: only one is open at a time.
    void enter(const std::string& path) {
        auto folder = Folder::open(path);
        if (!folder) return;
        std::vector<std::string> inner;
        while (const auto entry = folder->next()) {
            pg::check_interrupts();
            const std::string child = path.empty() ? entry->name : path + "/" + entry->name;
            if (refresh::is_copied(child, layout_) && !is_unlogged(*folder, child)) take(child, *entry, inner);
        }
        folder.reset();
        for (const std::string& child : inner) enter(child);
    }

 private:
    bool is_unlogged(const Folder& folder, const std::string& path) const {
        const std::string init_fork = refresh::init_fork_of(path, layout_);
        return !init_fork.empty() && folder.has(init_fork.substr(init_fork.rfind('/') + 1));
    }

    void take(const std::string& path, const Entry& entry, std::vector<std::string>& inner) {
        const bool is_entered = refresh::is_entered(path, layout_);
        if (entry.kind == Kind::file)
            put(path, "file", entry.size);
        else if (entry.kind == Kind::link && refresh::is_tablespace_link(path))
            put_tablespace(path, inner);
        // a folder that is copied empty may be a link to one: pg_wal often is
        else if (entry.kind == Kind::folder || (entry.kind == Kind::link && !is_entered))
            put(path, "directory", {});
        if (entry.kind == Kind::folder && is_entered) inner.push_back(path);
        if (path == "pg_wal") put_inside_wal();
    }

    // Whatever pg_wal has, a copy gets these.
    void put_inside_wal() {
        put("pg_wal/archive_status", "directory", {});
        if (layout_.has_wal_summaries) put("pg_wal/summaries", "directory", {});
    }

    void put_tablespace(const std::string& path, std::vector<std::string>& inner) {
        const auto target = data_directory::link_target(path);
        if (!target) return;
        rows_.put({pg::bytea_text(path), "tablespace", {}, path.substr(path.rfind('/') + 1), target});
        const std::string version = path + "/" + layout_.tablespace_version;
        if (!Folder::open(version)) return;
        put(version, "directory", {});
        inner.push_back(version);
    }

    void put(const std::string& path, const char* kind, std::optional<std::int64_t> size) {
        rows_.put({pg::bytea_text(path), kind, size ? pg::Value(std::to_string(*size)) : std::nullopt, {}, {}});
    }

    pg::RowWriter& rows_;
    const refresh::Layout layout_;
};

}  // namespace

void check_caller(const char* function) {
    const std::vector<std::string> callers = pg::callers_without_replication();
    if (callers.empty()) return;
    const std::string role = name::quote_identifier(callers.front());
    throw core::Error(core::sqlstate::insufficient_privilege, fmt::format("permission denied for function {}", function),
                      fmt::format("It hands out the files of the server, as pg_basebackup does; the role {} is no superuser "
                                  "and has no REPLICATION.", role),
                      fmt::format("Call it as a role that may replicate, or run: ALTER ROLE {} REPLICATION", role));
}

void list(const pg::Arguments&, pg::RowWriter& rows) {
    check_caller("refresh_list");
    Walk(rows).enter("");
}

}  // namespace refreshing
