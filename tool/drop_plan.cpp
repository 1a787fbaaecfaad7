#include "tool/drop_plan.hpp"

#include <fmt/format.h>

#include "core/name.hpp"
#include "core/synchronous.hpp"
#include "tool/failure.hpp"
#include "tool/render/progress.hpp"

namespace drop_plan {

namespace {

void refuse_standby(tool::Link& primary) {
    if (primary.value("SELECT pg_is_in_recovery()") == "t")
        throw refused("the server is itself a standby", "pg_is_in_recovery() is true.", "Connect to its primary.");
}

void refuse_connected(tool::Link& primary, const Leftovers& leftovers) {
    const world::Value pid =
        primary.value("SELECT min(pid) FROM pg_stat_replication WHERE application_name = $1", {leftovers.standby});
    if (pid)
        throw refused(fmt::format("the standby \"{}\" is connected", leftovers.standby),
                      fmt::format("The walsender with process ID {} streams to it.", *pid), "Stop its server first.");
}

void find_slot(tool::Link& primary, Leftovers& leftovers) {
    const std::string name = name::slot_from(leftovers.standby);
    const world::Rows rows = primary.query(
        "SELECT slot_type, active, active_pid, retained_bytes FROM replica.slots WHERE slot_name = $1", {name});
    if (rows.rows.empty()) return;
    if (rows.at(0, "slot_type") != "physical")
        throw refused(fmt::format("the replication slot \"{}\" is not a physical slot", name),
                      "A subscriber or another decoder uses it, and no standby.", "Drop it, if it is in nobody's use, with pg_drop_replication_slot.");
    if (rows.at(0, "active") == "t")
        throw refused(fmt::format("the replication slot \"{}\" is in use", name),
                      fmt::format("The walsender with process ID {} streams from it.", rows.at(0, "active_pid").value_or("?")),
                      "Stop the standby that uses it first; see pg_replica status.");
    leftovers.slot = name;
    const world::Value& retained = rows.at(0, "retained_bytes");
    leftovers.retained = retained ? fmt::format("keeps {} of WAL", render::bytes(tool::bytes(retained))) : "reserves no WAL";
}

// The name that clone gives the role of one standby, and the mark that create_role leaves on what it makes.
void find_role(tool::Link& primary, const std::string& role, Leftovers& leftovers) {
    const world::Rows rows = primary.query(
        "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE usename = $1) FROM pg_roles WHERE rolname = $1 "
        "AND shobj_description(oid, 'pg_authid') LIKE 'pg_replica: replication role%'",
        {role});
    if (rows.rows.empty()) return;
    leftovers.role = role;
    leftovers.role_in_use = rows.rows[0][0] == "t";
}

// Addresses with their prefix, as replica.disallow_standby takes them; pg_hba_file_rules shows network masks.
constexpr const char* lines_of_role = R"(
    SELECT DISTINCT CASE WHEN type = 'local' THEN 'local' ELSE (
               SELECT set_masklen(address::inet, bits)::text
                 FROM generate_series(0, CASE family(address::inet) WHEN 4 THEN 32 ELSE 128 END) bits
                WHERE host(netmask(set_masklen(address::inet, bits))) = netmask) END
      FROM (SELECT type, CASE WHEN address ~ '^[0-9a-fA-F.:]+$' THEN address END AS address, netmask
              FROM pg_hba_file_rules
             WHERE error IS NULL AND user_name = ARRAY[$1] AND 'replication' = ANY (database) OFFSET 0) r
     WHERE type = 'local' OR address IS NOT NULL
     ORDER BY 1)";

void find_lines(tool::Link& primary, const std::string& role, Leftovers& leftovers) {
    leftovers.sees_lines = primary.value("SELECT has_function_privilege('pg_hba_file_rules()', 'EXECUTE') AND "
                                         "has_function_privilege('replica.disallow_standby(text, text, boolean)', 'EXECUTE')") == "t";
    if (!leftovers.sees_lines) return;
    for (const auto& row : primary.query(lines_of_role, {role}).rows) {
        const std::string address = row.at(0).value_or("");
        const bool ours = primary.value("SELECT bool_or(changed) FROM replica.disallow_standby($1, $2, dry_run => true)", {role, address}) == "t";
        if (ours) leftovers.addresses.push_back(address);
    }
}

void find_marker(tool::Link& primary, Leftovers& leftovers) {
    if (primary.value("SELECT has_table_privilege('replica.marker', 'SELECT') AND has_table_privilege('replica.marker', 'DELETE')") != "t") return;
    leftovers.marker = primary.value("SELECT EXISTS (SELECT FROM replica.marker WHERE standby_name = $1)", {leftovers.standby}) == "t";
}

void find_synchronous(tool::Link& primary, Leftovers& leftovers) {
    const auto names = synchronous::parse(primary.value("SHOW synchronous_standby_names").value_or(""));
    if (!names) return;
    for (const std::string& name : names->names)
        if (synchronous::same_name(leftovers.standby, name)) leftovers.listed_synchronous = true;
}

plan::Step step(tool::Link& primary, std::string sentence, const std::string& sql, std::vector<world::Value> parameters) {
    return {std::move(sentence),
            [&primary, sql, parameters = std::move(parameters)](world::World&) { primary.query_again(sql, parameters); },
            {},
            {}};
}

}  // namespace

Leftovers find(tool::Link& primary, const std::string& standby) {
    Leftovers leftovers;
    leftovers.standby = standby;
    const std::string role = ("replicator_" + name::slot_from(standby)).substr(0, name::max_length);
    refuse_standby(primary);
    refuse_connected(primary, leftovers);
    find_slot(primary, leftovers);
    find_role(primary, role, leftovers);
    if (!leftovers.role_in_use) find_lines(primary, role, leftovers);
    find_marker(primary, leftovers);
    find_synchronous(primary, leftovers);
    return leftovers;
}

plan::Plan steps(tool::Link& primary, const Leftovers& leftovers) {
    plan::Plan plan;
    const std::string role = ("replicator_" + name::slot_from(leftovers.standby)).substr(0, name::max_length);
    if (!leftovers.slot.empty())
        plan.push_back(step(primary, fmt::format("Drop the replication slot \"{}\", which {}", leftovers.slot, leftovers.retained),
                            "SELECT count(*) FROM replica.drop_slot($1)", {leftovers.slot}));
    for (const std::string& address : leftovers.addresses)
        plan.push_back(step(primary, fmt::format("Take the line out of pg_hba.conf that admits \"{}\" from {}", role, address),
                            "SELECT count(*) FROM replica.disallow_standby($1, $2)", {role, address}));
    if (!leftovers.role.empty() && !leftovers.role_in_use)
        plan.push_back(step(primary, fmt::format("Drop the replication role \"{}\", which was made for this standby", leftovers.role),
                            "SELECT count(*) FROM replica.drop_role($1)", {leftovers.role}));
    if (leftovers.marker)
        plan.push_back(step(primary, "Forget the standby's marker", "DELETE FROM replica.marker WHERE standby_name = $1", {leftovers.standby}));
    return plan;
}

std::vector<std::string> remarks(const Leftovers& leftovers) {
    std::vector<std::string> remarks;
    if (leftovers.role_in_use)
        remarks.push_back(fmt::format("the role \"{}\" and its lines in pg_hba.conf stay: another standby is connected with it", leftovers.role));
    if (!leftovers.sees_lines)
        remarks.push_back("this role may not read pg_hba.conf: a line that admits the standby may be left; run the command as a superuser");
    if (leftovers.listed_synchronous)
        remarks.push_back(fmt::format("synchronous_standby_names lists \"{}\": commits may wait for it", leftovers.standby));
    return remarks;
}

}  // namespace drop_plan
