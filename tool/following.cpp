#include "tool/following.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <sstream>

#include "core/lsn.hpp"
#include "core/name.hpp"
#include "core/timeline.hpp"
#include "tool/failure.hpp"
#include "tool/preparation.hpp"
#include "tool/primary_facts.hpp"

namespace following {

namespace {

using SharedRun = std::shared_ptr<Run>;

std::uint64_t position(const std::string& text) { return lsn::parse(text).value_or(0); }

std::vector<timeline::Entry> path_of(const Node& node) {
    const auto path = timeline::path(node.history, node.timeline);
    return path ? *path : std::vector<timeline::Entry>{{node.timeline, timeline::not_left}};
}

void log_in(world::World& world, Run& run) {
    const cloning::LoginFacts login =
        cloning::try_login(world, run.upstream, run.role, run.password, world::Prompt::never);
    if (!login.succeeded)
        throw core::Error(core::sqlstate::connection_failure,
                          fmt::format("the role \"{}\" cannot log in for replication at the upstream", run.role), login.problem,
                          fmt::format("Admit it there: SELECT * FROM replica.allow_standby({}, ADDRESS) on a primary, a line "
                                      "in pg_hba.conf on a standby.", name::quote_literal(run.role)));
    run.login = login.login;
    if (login.password.empty()) return;
    const auto line = [&](const std::string& host) {
        return conninfo::passfile_line(host, login.login.get("port"), "*", run.role, login.password) + "\n";
    };
    std::string text = line(login.login.get("host"));
    if (login.login.get("host").rfind('/', 0) == 0) text += line("localhost");
    if (world.files.kind(run.passfile) == world::Kind::file) run.passfile_before = world.files.read(run.passfile);
    run.passfile_written = true;
    // the lines for the server that it followed so far stay: it may have to go back
    world.files.write(run.passfile, text + run.passfile_before, 0600);
}

void restore_passfile(world::World& world, Run& run) {
    if (!run.passfile_written) return;
    if (run.passfile_before.empty()) return world.files.remove(run.passfile);
    world.files.write(run.passfile, run.passfile_before, 0600);
}

// replica.create_slot is for primaries; a standby has the server's own function only.
void create_slot(world::World& world, Run& run) {
    const world::Rows there =
        run.upstream.query("SELECT active FROM pg_replication_slots WHERE slot_name = $1", {run.slot});
    if (!there.rows.empty()) return world.reporter.fact("it is there already");
    run.slot_created = true;
    run.upstream.query("SELECT pg_create_physical_replication_slot($1, true)", {run.slot});
}

void drop_slot(world::World& world, Run& run) {
    if (run.slot_created)
        preparation::drop_when_free(world, run.upstream,
                                    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1",
                                    run.slot);
}

void set(Run& run, const std::string& conninfo, const std::string& slot) {
    run.standby.query("ALTER SYSTEM SET primary_conninfo = " + name::quote_literal(conninfo));
    run.standby.query("ALTER SYSTEM SET primary_slot_name = " + name::quote_literal(slot));
    run.standby.query("SELECT pg_reload_conf()");
}

void point(world::World&, Run& run) {
    run.pointed = true;
    const std::string passfile = run.passfile_written ? run.passfile : "";
    set(run, standby_config::primary_conninfo({run.login, passfile, run.name}), run.slot);
}

void point_back(world::World&, Run& run) {
    if (run.pointed) set(run, run.conninfo_before, run.slot_before);
}

void see_streaming(world::World& world, Run& run) {
    run.streaming = proof::streaming(world, run.pair(), run.patience);
    world.reporter.fact(fmt::format("replay has passed {}", run.streaming.primary_lsn));
    if (run.facts.in_recovery) return;
    const proof::Marker marker = proof::marker(world, run.pair(), run.patience);
    world.reporter.fact(fmt::format("a marker was read after {} ms", marker.elapsed.count()));
}

// Fields of a line of a password file, with \: and \\ read back.
std::vector<std::string> fields_of(const std::string& line) {
    std::vector<std::string> fields(1);
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == ':')
            fields.emplace_back();
        else if (line[i] == '\\' && i + 1 < line.size())
            fields.back() += line[++i];
        else
            fields.back() += line[i];
    }
    return fields;
}

}  // namespace

std::string password_for(const std::string& passfile, const std::string& role) {
    std::istringstream lines(passfile);
    for (std::string line; std::getline(lines, line);) {
        const auto fields = fields_of(line);
        if (fields.size() == 5 && (fields[3] == role || fields[3] == "*")) return fields[4];
    }
    return {};
}

Node ask(world::Session& session) {
    const world::Rows rows = session.query(
        "SELECT pg_is_in_recovery() AS in_recovery, CASE WHEN pg_is_in_recovery() THEN "
        "greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) ELSE pg_current_wal_lsn() END AS position, "
        "CASE WHEN pg_is_in_recovery() THEN (SELECT greatest(c.timeline_id, r.min_recovery_end_timeline, w.received_tli) "
        "FROM pg_control_checkpoint() AS c, pg_control_recovery() AS r LEFT JOIN pg_stat_wal_receiver AS w ON true) "
        "ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer END AS timeline");
    Node node;
    node.in_recovery = rows.at(0, "in_recovery") == "t";
    node.position = rows.at(0, "position").value_or("");
    node.timeline = static_cast<unsigned>(tool::number(rows.at(0, "timeline")));
    if (node.timeline < 2) return node;
    const world::Rows history = session.query("SELECT pg_read_file($1, 0, 1000000, true) AS text",
                                              {fmt::format("pg_wal/{:08X}.history", node.timeline)});
    node.history = history.at(0, "text").value_or("");
    return node;
}

void check(const Node& standby, const Node& upstream) {
    const std::string hint = "Make it a standby of that server anew, with pg_replica clone in another directory.";
    const auto fork = timeline::fork(path_of(standby), path_of(upstream));
    if (!fork)
        throw refused("the timelines of the standby and of the upstream have nothing in common",
                      fmt::format("They are on {} and {}.", standby.timeline, upstream.timeline), hint);
    if (fork->end != timeline::not_left && fork->number == upstream.timeline)
        throw refused(fmt::format("the upstream is on timeline {}, which the standby has left", upstream.timeline),
                      fmt::format("The standby is on timeline {}.", standby.timeline),
                      "Let the upstream follow the primary of that timeline first.");
    if (fork->end != timeline::not_left && (fork->number != standby.timeline || position(standby.position) > fork->end))
        throw refused("the standby has WAL that the upstream does not have",
                      fmt::format("The upstream left timeline {} at {}, and the standby is at {} on timeline {}.", fork->number,
                                  lsn::format(fork->end), standby.position, standby.timeline), hint);
    if (position(standby.position) > position(upstream.position))
        throw refused("the upstream is behind the standby",
                      fmt::format("It is at {}, and the standby at {}.", upstream.position, standby.position),
                      "Wait until it has caught up, then run the same command again.");
}

plan::Plan make_plan(const SharedRun& run) {
    using plan::step;
    plan::Plan plan;
    plan.push_back(step(run, fmt::format("Log in for replication at the upstream as \"{}\"", run->role), log_in, restore_passfile));
    // before the standby comes: what it needs is kept from now on
    plan.push_back(step(run, fmt::format("Create the replication slot \"{}\" there", run->slot), create_slot, drop_slot,
                        [run] { return fmt::format("The slot is still on the upstream: SELECT pg_drop_replication_slot('{}');", run->slot); }));
    plan.push_back(step(run, "Point the standby to it: primary_conninfo, primary_slot_name", point, point_back,
                        [] { return std::string("primary_conninfo and primary_slot_name still name the upstream: ALTER SYSTEM RESET them."); }));
    plan.push_back(step(run, run->facts.in_recovery ? "See it streaming from both sides"
                                                    : "See it streaming from both sides, and a marker", see_streaming));
    return plan;
}

}  // namespace following
