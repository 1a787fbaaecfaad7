#include "extension/owner_facts.hpp"

#include "core/error.hpp"
#include "extension/server/file.hpp"
#include "extension/server/query.hpp"
#include "extension/settings_facts.hpp"

namespace owner {

namespace {

std::vector<std::string> column(const char* statement) {
    std::vector<std::string> values;
    for (const pg::Row& row : pg::query(statement).rows) values.push_back(row[0].value_or(""));
    return values;
}

// pg_settings leaves out what the caller may not see.
std::string setting(const char* name) {
    return pg::query_value("SELECT setting FROM pg_catalog.pg_settings WHERE name = $1", {name}).value_or("");
}

std::string head_of(const std::string& path) {
    static constexpr std::size_t enough = 1000;
    if (path.empty()) return {};
    try {
        return file::read(path).substr(0, enough);
    } catch (const core::Error&) {
        return {};  // a server runs on after its file is gone
    }
}

std::vector<std::string> files() {
    if (!settings::may_read_files())
        return column("SELECT DISTINCT sourcefile FROM pg_catalog.pg_settings WHERE sourcefile IS NOT NULL");
    return column("SELECT DISTINCT sourcefile FROM pg_catalog.pg_show_all_file_settings() WHERE sourcefile IS NOT NULL");
}

}  // namespace

bool can_be_seen() { return !setting("config_file").empty(); }

std::optional<Owner> find_here() {
    Facts facts;
    facts.header = head_of(setting("config_file"));
    facts.files = files();
    facts.prefixes = column(
        "SELECT DISTINCT split_part(name, '.', 1) FROM pg_catalog.pg_settings WHERE strpos(name, '.') > 0");
    facts.data_directory = setting("data_directory");
    facts.archive_command = setting("archive_command");
    facts.ssl_cert_file = setting("ssl_cert_file");
    return find(facts);
}

}  // namespace owner
