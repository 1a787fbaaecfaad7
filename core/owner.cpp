#include "core/owner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace owner {

namespace {

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

bool begins(const std::string& text, std::string_view start) { return text.compare(0, start.size(), start) == 0; }

// The path of a file of that name; empty when no setting comes from one.
std::string file_named(const Facts& facts, std::string_view name) {
    for (const std::string& file : facts.files)
        if (std::string_view(file).substr(file.rfind('/') + 1) == name) return file;
    return {};
}

bool has_prefix(const Facts& facts, std::string_view prefix) {
    return std::find(facts.prefixes.begin(), facts.prefixes.end(), prefix) != facts.prefixes.end();
}

std::string lower(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

std::string patroni_evidence(const Facts& facts) {
    if (contains(facts.header, "overwritten by Patroni")) return "The head of the main configuration file says so.";
    const std::string base = file_named(facts, "postgresql.base.conf");
    return base.empty() ? std::string() : fmt::format("Settings come from {}.", base);
}

std::optional<Owner> find_patroni(const Facts& facts) {
    const std::string evidence = patroni_evidence(facts);
    if (evidence.empty()) return std::nullopt;
    if (begins(facts.data_directory, "/home/postgres/pgdata/pgroot/"))
        return Owner{Kind::zalando, "The Zalando operator, with Patroni,", evidence};
    if (begins(facts.data_directory, "/pgdata/") && begins(facts.ssl_cert_file, "/pgconf/"))
        return Owner{Kind::crunchy, "The Crunchy operator, with Patroni,", evidence};
    return Owner{Kind::patroni, "Patroni", evidence};
}

std::optional<Owner> find_operator(const Facts& facts) {
    if (contains(facts.archive_command, "/controller/manager "))
        return Owner{Kind::cloudnativepg, "CloudNativePG", "archive_command calls its instance manager."};
    const std::string custom = file_named(facts, "custom.conf");
    if (!custom.empty() && begins(facts.data_directory, "/var/lib/postgresql/data/pgdata"))
        return Owner{Kind::cloudnativepg, "CloudNativePG", fmt::format("Settings come from {}.", custom)};
    const std::string monitored = file_named(facts, "postgresql-auto-failover.conf");
    if (!monitored.empty())
        return Owner{Kind::auto_failover, "pg_auto_failover", fmt::format("Settings come from {}.", monitored)};
    return std::nullopt;
}

std::optional<Owner> find_service(const Facts& facts) {
    if (has_prefix(facts, "rds")) return Owner{Kind::rds, "Amazon RDS", "The server has settings that begin with rds."};
    if (has_prefix(facts, "cloudsql"))
        return Owner{Kind::cloud_sql, "Google Cloud SQL", "The server has settings that begin with cloudsql."};
    if (has_prefix(facts, "azure"))
        return Owner{Kind::azure, "Azure Database", "The server has settings that begin with azure."};
    return std::nullopt;
}

std::string shell_quoted(const std::string& text) {
    std::string quoted = "'";
    for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted + "'";
}

using Settings = std::vector<std::pair<std::string, std::string>>;
using Form = std::function<std::string(const std::string& name, const std::string& value)>;

std::string each(const Settings& settings, const char* separator, const Form& form) {
    std::string text;
    for (const auto& [name, value] : settings) text += (text.empty() ? "" : separator) + form(name, value);
    return text;
}

std::string assigned(const std::string& name, const std::string& value) { return shell_quoted(name + "=" + value); }

std::string in_yaml(const char* what, const char* where, const Settings& settings) {
    const Form form = [](const auto& name, const auto& value) { return fmt::format("{}: {}", name, shell_quoted(value)); };
    return fmt::format("Run kubectl edit {} and set under {}: {}", what, where, each(settings, ", ", form));
}

std::string patronictl(const Settings& settings) {
    const Form form = [](const auto& name, const auto& value) { return "-p " + assigned(name, value); };
    return fmt::format("patronictl edit-config {}; then patronictl restart where patronictl list shows a pending restart",
                       each(settings, " ", form));
}

std::string aws(const Settings& settings) {
    const Form form = [](const auto& name, const auto& value) {
        return shell_quoted(fmt::format("ParameterName={},ParameterValue={},ApplyMethod=pending-reboot", name, value));
    };
    return "aws rds modify-db-parameter-group --db-parameter-group-name GROUP --parameters " + each(settings, " ", form);
}

std::string az(const Settings& settings) {
    return each(settings, "; ", [](const auto& name, const auto& value) {
        return fmt::format("az postgres flexible-server parameter set --resource-group GROUP --server-name SERVER "
                           "--name {} --value {}",
                           name, shell_quoted(value));
    });
}

}  // namespace

std::optional<Owner> find(const Facts& facts) {
    if (auto found = find_patroni(facts)) return found;
    if (auto found = find_operator(facts)) return found;
    if (auto found = find_service(facts)) return found;
    if (contains(lower(facts.header), "do not edit this file"))
        return Owner{Kind::unknown, "Something else", "The head of the main configuration file says not to edit it."};
    return std::nullopt;
}

bool tolerates_alter_system(const Owner& owner) { return owner.kind == Kind::auto_failover; }

std::string command(const Owner& owner, const Settings& settings) {
    switch (owner.kind) {
        case Kind::patroni: return patronictl(settings);
        case Kind::zalando: return in_yaml("postgresql CLUSTER", "spec.postgresql.parameters", settings);
        case Kind::crunchy: return in_yaml("postgrescluster CLUSTER",
                                           "spec.patroni.dynamicConfiguration.postgresql.parameters", settings);
        case Kind::cloudnativepg: return in_yaml("cluster CLUSTER", "spec.postgresql.parameters", settings);
        case Kind::rds: return aws(settings);
        case Kind::cloud_sql:
            return "gcloud sql instances patch INSTANCE --database-flags=" + each(settings, ",", assigned);
        case Kind::azure: return az(settings);
        default: break;
    }
    return "Set where that file is made: " + each(settings, ", ", assigned);
}

}  // namespace owner
