#include "tool/standby_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace standby_config {

namespace {

struct Left {
    const char* name;
    const char* reason;
};

// Settings of ALTER SYSTEM that belong to one server and do harm on another.
constexpr std::array<Left, 20> left_behind = {{
    {"port", "the standby has a port of its own"},
    {"primary_conninfo", "the standby follows the server that it was copied from"},
    {"primary_slot_name", "the standby has a slot of its own"},
    {"cluster_name", "the standby has a name of its own"},
    {"synchronous_standby_names", "after a promotion, commits would wait for standbys that are not there"},
    {"recovery_target", "a standby follows without a target"},
    {"recovery_target_name", "a standby follows without a target"},
    {"recovery_target_time", "a standby follows without a target"},
    {"recovery_target_xid", "a standby follows without a target"},
    {"recovery_target_lsn", "a standby follows without a target"},
    {"recovery_target_inclusive", "a standby follows without a target"},
    {"recovery_target_timeline", "a standby follows the latest timeline"},
    {"recovery_target_action", "a standby follows without a target"},
    {"restore_command", "it was made for another host; streaming and the slot bring all WAL"},
    {"archive_cleanup_command", "it could remove WAL that others need from a shared archive"},
    {"recovery_end_command", "it was made for another host"},
    {"promote_trigger_file", "a leftover could promote the standby"},
    {"hba_file", "the standby has files of its own"},
    {"ident_file", "the standby has files of its own"},
    {"external_pid_file", "two servers cannot share one"},
}};

const std::string own_comment = "# set by pg_replica for this standby\n";

// Everything of a login that a walreceiver needs; the rest (dbname, options, application_name) is set here.
bool is_part_of_login(const std::string& keyword) {
    return keyword == "host" || keyword == "hostaddr" || keyword == "port" || keyword == "user" ||
           keyword == "channel_binding" || keyword == "require_auth" || keyword == "gssencmode" ||
           keyword == "krbsrvname" || keyword.rfind("ssl", 0) == 0;
}

conninfo::Parameters base(const Upstream& upstream) {
    conninfo::Parameters parameters;
    for (const auto& [keyword, value] : upstream.login.pairs())
        if (is_part_of_login(keyword)) parameters.set(keyword, value);
    parameters.set("passfile", upstream.passfile);
    parameters.set("application_name", upstream.application_name);
    parameters.set("connect_timeout", "10");
    parameters.set("keepalives_idle", "5");
    parameters.set("keepalives_interval", "5");
    parameters.set("keepalives_count", "3");
    parameters.set("tcp_user_timeout", "20000");
    return parameters;
}

std::string with_own(const std::string& rest, const std::vector<conf::Setting>& own) {
    std::string text = rest + own_comment;
    for (const conf::Setting& setting : own) text += conf::line(setting);
    return text;
}

}  // namespace

std::string primary_conninfo(const Upstream& upstream) { return conninfo::format(base(upstream)); }

std::string copy_conninfo(const Upstream& upstream) {
    conninfo::Parameters parameters = base(upstream);
    // the primary may wait for a slow disk here, but not for ever for a host that is gone; its own tcp_user_timeout also
    // counts while this side does not read, so it is long
    parameters.set("options",
                   "-c wal_sender_timeout=0 -c tcp_user_timeout=300000 -c tcp_keepalives_idle=10 "
                   "-c tcp_keepalives_interval=5 -c tcp_keepalives_count=3");
    // a dead link ends the copy soon enough for the tool to undo its work within 30 seconds
    parameters.set("keepalives_idle", "3");
    parameters.set("keepalives_interval", "3");
    parameters.set("tcp_user_timeout", "12000");
    return conninfo::format(parameters);
}

Result auto_conf(const std::string& inherited, const std::vector<conf::Setting>& own) {
    Result result;
    std::vector<std::string> removed;
    for (const Left& left : left_behind) removed.emplace_back(left.name);
    for (const conf::Setting& setting : own) removed.push_back(setting.name);
    for (const conf::Line& line : conf::parse(inherited)) {
        const auto found = std::find_if(left_behind.begin(), left_behind.end(),
                                        [&line](const Left& left) { return line.name == left.name; });
        if (found != left_behind.end() && !line.value.empty())
            result.notes.push_back(fmt::format("{} of the primary was not taken over: {}", found->name, found->reason));
    }
    result.text = with_own(conf::without(inherited, removed), own);
    return result;
}

Result kept_conf(const std::string& present, const std::vector<conf::Setting>& own) {
    Result result;
    std::vector<std::string> removed;
    for (const conf::Setting& setting : own) removed.push_back(setting.name);
    for (const conf::Line& line : conf::parse(present)) {
        if (line.name.rfind("recovery_target", 0) != 0 || line.name == "recovery_target_timeline") continue;
        removed.push_back(line.name);
        if (!line.value.empty()) result.notes.push_back(fmt::format("{} was taken out: a standby follows without a target", line.name));
    }
    std::string rest = conf::without(present, removed);
    // a run before this one may have left it
    if (const auto at = rest.find(own_comment); at != std::string::npos) rest.erase(at, own_comment.size());
    result.text = with_own(rest, own);
    return result;
}

std::string main_conf(const std::vector<conf::Setting>& settings, const std::string& directory, const std::string& hba_file,
                      const std::string& ident_file) {
    // stats_temp_directory: Debian's is one directory for each cluster, and two servers in one lose their statistics
    static const std::array<std::string, 5> own_paths = {"data_directory", "hba_file", "ident_file", "external_pid_file",
                                                         "stats_temp_directory"};
    std::string text = "# The settings of the primary when this standby was made by pg_replica.\n";
    for (const conf::Setting& setting : settings)
        if (std::find(own_paths.begin(), own_paths.end(), setting.name) == own_paths.end()) text += conf::line(setting);
    return text + "# the standby's own paths\n" + conf::line({"data_directory", directory}) +
           conf::line({"hba_file", hba_file}) + conf::line({"ident_file", ident_file});
}

}  // namespace standby_config
