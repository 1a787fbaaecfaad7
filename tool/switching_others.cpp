// A switchover and the standbys that are neither of the two: what they need is on the new primary before they come.
#include <fmt/format.h>

#include <algorithm>

#include "core/name.hpp"
#include "tool/switching_run.hpp"

namespace switching {

namespace {

std::string admission_call(const Other& other) {
    return fmt::format("SELECT * FROM replica.allow_standby({}, {});", name::quote_literal(other.role),
                       other.address.empty() ? "NULL" : name::quote_literal(other.address));
}

world::Value address_of(const Other& other) { return other.address.empty() ? world::Value{} : other.address; }

void make_slot(world::World& world, Run& run, const Other& other) {
    tool::Link& link = run.standby().link;
    if (other.slot.empty()) return;
    if (!link.query("SELECT FROM pg_replication_slots WHERE slot_name = $1", {other.slot}).rows.empty()) return;
    run.slots_made.push_back(other.slot);
    link.query("SELECT pg_create_physical_replication_slot($1, true)", {other.slot});
    world.reporter.fact(fmt::format("slot \"{}\"", other.slot));
}

// From where it comes to the old primary it will come to the new one; a cascade through NAT is for the administrator.
void admit(world::World& world, Run& run, const Other& other) {
    tool::Link& link = run.standby().link;
    const world::Rows decision =
        link.query("SELECT decision FROM replica.hba_decision($1, $2, false)", {other.role, address_of(other)});
    if (!decision.rows.empty() && decision.at(0, "decision") == "accept") return;
    if (run.standby().options.prepare) {
        link.query("SELECT changed FROM replica.allow_standby($1, $2)", {other.role, address_of(other)});
        return world.reporter.fact(fmt::format("pg_hba.conf admits \"{}\" now", other.role));
    }
    world.reporter.warning(fmt::format("pg_hba.conf of the new primary does not admit \"{}\"; run there: {}", other.role,
                                       admission_call(other)));
}

}  // namespace

void serve_others(world::World& world, Run& run) {
    for (const Other& other : run.facts.others) {
        make_slot(world, run, other);
        admit(world, run, other);
    }
}

void forget_others(world::World& world, Run& run) {
    for (const std::string& slot : run.slots_made)
        preparation::drop_when_free(world, run.standby().link,
                                    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1", slot);
    run.slots_made.clear();
}

}  // namespace switching
