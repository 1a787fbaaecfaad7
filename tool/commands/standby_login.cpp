#include "tool/commands/standby_login.hpp"

#include "tool/failure.hpp"
#include "tool/real/database.hpp"

namespace standby_login {

namespace {

// The receiver's own conninfo, with its password hidden by the server. The view shows values without quotes: one with a
// blank or a quote in it cannot be read back.
std::string name_of_receiver(const world::Value& receiver_conninfo) {
    if (!receiver_conninfo) return {};
    try {
        const conninfo::Parameters running = real::parse_connection_string(*receiver_conninfo);
        const std::string name = running.get("application_name");
        return name.empty() ? running.get("fallback_application_name") : name;
    } catch (const Failure&) {
        return {};
    }
}

// As walreceiver.c names itself.
std::string name_by_configuration(const conninfo::Parameters& configured, const std::string& cluster_name) {
    if (configured.pairs().empty()) return {};
    if (configured.has("application_name")) return configured.get("application_name");
    return cluster_name.empty() ? "walreceiver" : cluster_name;
}

}  // namespace

Login ask(world::Session& standby) {
    const world::Rows rows = standby.query(
        "SELECT w.conninfo, coalesce(w.slot_name, current_setting('primary_slot_name')) AS slot_name,"
        " (SELECT setting FROM pg_settings WHERE name = 'primary_conninfo') AS configured,"
        " current_setting('cluster_name') AS cluster_name"
        " FROM (SELECT 1) AS one LEFT JOIN pg_stat_wal_receiver AS w ON true");
    Login login;
    login.slot = rows.at(0, "slot_name").value_or("");
    login.parameters = real::parse_connection_string(rows.at(0, "configured").value_or(""));
    login.application_name = name_of_receiver(rows.at(0, "conninfo"));
    if (login.application_name.empty())
        login.application_name =
            name_by_configuration(login.parameters, rows.at(0, "cluster_name").value_or(""));
    return login;
}

}  // namespace standby_login
