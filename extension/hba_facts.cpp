#include "extension/hba_facts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/hba_write.hpp"
#include "core/name.hpp"
#include "extension/server/boundary.hpp"
#include "extension/server/file.hpp"
#include "extension/server/host.hpp"
#include "extension/server/query.hpp"
#include "extension/server/reload.hpp"
#include "extension/server/version.hpp"

namespace hba {

namespace {

// One thing that a caller needs, and the statement that gives it.
struct Right {
    const char* test;
    const char* name;
    const char* grant;
};

constexpr Right read_view = {"has_table_privilege('pg_catalog.pg_hba_file_rules', 'SELECT')",
                             "SELECT on the view pg_hba_file_rules", "GRANT SELECT ON pg_hba_file_rules"};
constexpr Right run_view = {"has_function_privilege('pg_catalog.pg_hba_file_rules()', 'EXECUTE')",
                            "EXECUTE on the function pg_hba_file_rules()",
                            "GRANT EXECUTE ON FUNCTION pg_hba_file_rules()"};
constexpr Right write_files = {"pg_has_role('pg_write_server_files', 'USAGE')",
                               "membership in pg_write_server_files", "GRANT pg_write_server_files"};
constexpr Right reload = {"has_function_privilege('pg_catalog.pg_reload_conf()', 'EXECUTE')",
                          "EXECUTE on the function pg_reload_conf()",
                          "GRANT EXECUTE ON FUNCTION pg_reload_conf()"};

void check_rights(const char* function, const std::vector<Right>& rights) {
    const std::string role = pg::query_value("SELECT pg_catalog.quote_ident(current_user)").value_or("");
    std::string missing;
    std::string grants;
    for (const Right& right : rights) {
        if (pg::query_value(fmt::format("SELECT pg_catalog.{}", right.test)) == "t") continue;
        missing += fmt::format("{}{}", missing.empty() ? "" : ", ", right.name);
        grants += fmt::format("{}{};", grants.empty() ? "" : " ", fmt::format("{} TO {}", right.grant, role));
    }
    if (missing.empty()) return;
    throw core::Error(
        core::sqlstate::insufficient_privilege, fmt::format("permission denied for {}", function),
        fmt::format("The role {} lacks: {}.", role, missing), fmt::format("A superuser can run: {}", grants));
}

// The server's files, for what pg_hba.conf includes; keeps the time of the newest.
class ServerFiles : public Files {
 public:
    Content read(const std::string& path) override {
        pg::check_interrupts();
        try {
            newest = std::max(newest, file::changed_at(path));
            return {file::read(path), {}, false};
        } catch (const core::Error& error) {
            return {{}, error.message, error.sqlstate == "58P01"};
        }
    }
    std::vector<std::string> configuration_files(const std::string& directory, std::string& error) override {
        return file::configuration_files(directory, error);
    }

    double newest = 0;
};

}  // namespace

void check_may_read(const char* function) { check_rights(function, {read_view, run_view}); }

void check_may_edit(const char* function) {
    check_rights(function, {read_view, run_view, write_files, reload});
}

Configuration read_configuration() {
    Configuration result;
    result.path = pg::hba_file();
    result.dialect = Dialect::of(pg::version::server());
    result.content = file::read(result.path);
    ServerFiles files;
    result.rules = parse(tokenize(result.path, result.content, result.dialect, files));
    result.changed_at = std::max(files.newest, file::changed_at(result.path));
    return result;
}

std::vector<Rule> rules_of(const Configuration& configuration, const std::string& content) {
    ServerFiles files;
    return parse(tokenize(configuration.path, content, configuration.dialect, files));
}

ServerView server_view(const Configuration& configuration) {
    // a row with error and type is a rule that the server takes but that cannot match now, as hostssl without
    // ssl
    static constexpr const char* statement =
        "SELECT line_number, CASE WHEN type IS NULL THEN error END, {} FROM pg_catalog.pg_hba_file_rules";
    const bool includes = pg::version::has_hba_includes();
    ServerView view;
    for (const pg::Row& row : pg::query(fmt::format(statement, includes ? "file_name" : "NULL")).rows) {
        ++view.rule_count;
        view.line_numbers.push_back(std::stoi(row[0].value_or("0")));
        if (!row[1] || !view.error.empty()) continue;
        view.error = *row[1];
        view.error_file = row[2].value_or(configuration.path);
        view.error_line = view.line_numbers.back();
    }
    return view;
}

bool agree(const Configuration& configuration, const ServerView& view) {
    std::vector<int> ours;
    for (const Rule& rule : configuration.rules) ours.push_back(rule.line.number);
    return ours == view.line_numbers;
}

Surroundings surroundings(const Dialect& dialect) {
    Surroundings result;
    result.interfaces = host::interfaces();
    result.regular_expressions = dialect.includes;
    result.matches = [](const std::string& text, const std::string& pattern) {
        return pg::query_value("SELECT $1 OPERATOR(pg_catalog.~) $2 COLLATE pg_catalog.\"C\"",
                               {text, pattern}) == "t";
    };
    return result;
}

std::set<std::string> groups_of(const std::string& role) {
    static constexpr const char* statement = R"(
        WITH RECURSIVE groups(oid) AS (
            SELECT oid FROM pg_catalog.pg_roles WHERE rolname = $1
            UNION SELECT m.roleid FROM pg_catalog.pg_auth_members m JOIN groups g ON m.member = g.oid)
        SELECT r.rolname FROM groups JOIN pg_catalog.pg_roles r USING (oid))";
    std::set<std::string> groups;
    for (const pg::Row& row : pg::query(statement, {role}).rows) groups.insert(row[0].value_or(""));
    return groups;
}

Asked read_address(const std::string& text) {
    pg::Rows found;
    const bool valid = pg::attempt([&found, &text] {
        found = pg::query(
            "SELECT pg_catalog.host(pg_catalog.network($1::pg_catalog.inet)), "
            "pg_catalog.masklen($1::pg_catalog.inet), pg_catalog.family($1::pg_catalog.inet), "
            "$1::pg_catalog.inet <> pg_catalog.network($1::pg_catalog.inet) "
            "AND pg_catalog.host($1::pg_catalog.inet) <> "
            "pg_catalog.host(pg_catalog.network($1::pg_catalog.inet))",
            {text});
    });
    if (!valid)
        throw core::Error(core::sqlstate::invalid_parameter_value,
                          fmt::format("\"{}\" is not an IP address or network", name::shown(printable(text))),
                          "Host names and the keywords of pg_hba.conf are not taken.",
                          "Give an address such as 10.0.0.5 or fd00::5, or a network such as 10.0.0.0/24.");
    const pg::Row& row = found.rows.front();
    Asked asked;
    asked.prefix = std::stoi(*row[1]);
    asked.has_host_bits = *row[3] == "t";
    asked.network.address = parse_address(*row[0]).value();
    asked.network.mask = mask_of(asked.prefix, *row[2] == "6");
    return asked;
}

}  // namespace hba
