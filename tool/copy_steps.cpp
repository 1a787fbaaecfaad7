// The steps of clone that bring the files here.
#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "tool/clone_run.hpp"
#include "tool/failure.hpp"
#include "tool/render/progress.hpp"

namespace cloning {

namespace {

using std::chrono::steady_clock;

// A mode that lets no server start (checkDataDir refuses group-writable directories) while it lets pg_basebackup write.
constexpr unsigned unstartable_mode = 0770;

std::vector<std::string> backup_command(const Run& run) {
    std::vector<std::string> argv{run.bin_dir + "/pg_basebackup", "-D", target::partial_path(run.options.directory),
                                  "-d", standby_config::copy_conninfo(run.upstream), "-S", run.options.slot,
                                  "-X", "stream", "-c", run.options.checkpoint, "-w"};
    if (!run.options.max_rate.empty()) argv.insert(argv.end(), {"-r", run.options.max_rate});
    if (run.compression.method != compression::none) argv.push_back("--compress=" + run.compression.method);
    if (!run.options.waldir.empty()) argv.insert(argv.end(), {"--waldir", run.options.waldir});
    for (const std::string& mapping : run.options.tablespace_mapping) argv.insert(argv.end(), {"-T", mapping});
    return argv;
}

std::string trimmed(std::string text) {
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

std::string how_it_ended(const world::Outcome& outcome) {
    return outcome.status > 128 ? fmt::format("was ended by signal {}", outcome.status - 128)
                                : fmt::format("ended with status {}", outcome.status);
}

// Asks the primary once a second how far the copy is. A failing question ends no copy; a copy that stands still for
// longer than the user's patience is ended: a frozen server keeps its connections open for ever.
class ProgressWatch {
   public:
    explicit ProgressWatch(Run& run) : run_(run) {}

    void operator()(world::World& world) {
        const auto now = steady_clock::now();
        if (now < next_question_) return;
        next_question_ = now + std::chrono::seconds(1);
        try {
            ask(world);
        } catch (const core::Error&) {
            world.reporter.progress({"copying", 0, 0});
        }
        if (steady_clock::now() < last_change_ + run_.patience()) return;
        throw core::Error(core::sqlstate::connection_failure,
                          fmt::format("the copy has made no progress for {} seconds", run_.options.timeout),
                          "The primary, the link or a disk may be stuck.",
                          "Look at pg_stat_progress_basebackup and pg_stat_activity on the primary; --timeout gives more time.");
    }

   private:
    void ask(world::World& world) {
        const auto rows = run_.link.query(
            "SELECT phase, coalesce(backup_streamed, 0), coalesce(backup_total, 0) FROM pg_stat_progress_basebackup "
            "JOIN pg_stat_replication USING (pid) WHERE application_name = $1",
            {run_.application_name});
        if (rows.rows.empty()) return note({});  // not begun, over, or not for this role to see
        const std::string phase = rows.rows[0].at(0).value_or("copying"), streamed = rows.rows[0].at(1).value_or("0");
        const auto total = tool::bytes(rows.rows[0].at(2));
        world.reporter.progress({phase, tool::bytes(streamed), total > 0 ? total : run_.primary.bytes});
        // a spread checkpoint takes its time without any byte
        note(phase == "waiting for checkpoint to finish" ? std::string() : phase + streamed);
    }

    void note(const std::string& position) {
        if (position.empty() || position != position_) last_change_ = steady_clock::now();
        position_ = position;
    }

    Run& run_;
    std::string position_;
    steady_clock::time_point next_question_{}, last_change_ = steady_clock::now();
};

void write_passfile(world::World& world, Run& run, const std::string& password) {
    const std::string path = target::passfile_path(run.options.directory);
    const conninfo::Parameters& login = run.upstream.login;
    const auto line = [&](const std::string& host) {
        return conninfo::passfile_line(host, login.get("port"), "*", login.get("user"), password) + "\n";
    };
    std::string text = line(login.get("host"));
    // libpq looks up the default socket directory under the name localhost
    if (login.get("host").rfind('/', 0) == 0) text += line("localhost");
    world.files.write(path, text, 0600);
    run.upstream.passfile = path;
}

// A line that was just added to pg_hba.conf is in force a moment after the reload.
LoginFacts login_soon(world::World& world, Run& run) {
    // a role that can log in already is not made, and has no password of this run
    const bool made = run.preparation && !run.preparation->role.empty();
    const std::string password = made ? run.preparation->password : run.primary.login.password;
    LoginFacts login;
    for (int tries = 0; tries < 50; ++tries) {
        login = try_login(world, run.link, run.options.replication_user, password, world::Prompt::never);
        if (login.succeeded || !run.preparation) break;
        world.processes.sleep(std::chrono::milliseconds(100));
    }
    return login;
}

void update_marker(world::World& world, Run& run) {
    if (run.save_marker) return run.save_marker(world);
    if (run.marks_target) target::write_marker(world.files, run.options.directory, run.marker);
}

}  // namespace

void log_in_for_replication(world::World& world, Run& run) {
    const LoginFacts login = login_soon(world, run);
    if (!login.succeeded)
        throw core::Error(core::sqlstate::connection_failure,
                          fmt::format("the role \"{}\" cannot log in for replication", run.options.replication_user),
                          login.problem, login.hint);
    if (login.system_identifier != run.primary.system_identifier)
        throw core::Error(core::sqlstate::connection_failure, "the replication connection reaches another cluster",
                          fmt::format("The system identifiers are {} and {}.", run.primary.system_identifier,
                                      login.system_identifier),
                          "Check for a pooler or proxy between this host and the primary.");
    run.upstream.login = login.login;
    run.upstream.application_name = run.application_name;
    if (!login.password.empty()) write_passfile(world, run, login.password);
}

void create_slot(world::World& world, Run& run) {
    if (run.primary.slot.exists && run.primary.slot.wal_status == "lost")
        preparation::drop_when_free(world, run.link, "SELECT changed FROM replica.drop_slot($1)", run.options.slot);
    const world::Rows rows = run.link.query("SELECT changed FROM replica.create_slot($1)", {run.options.slot});
    const bool created = !rows.rows.empty() && rows.rows[0].at(0) == "t";
    if (!created) world.reporter.fact("it is there already");
    // what an unfinished clone of this directory left is this run's to undo; any other slot stays
    run.marker.slot_created = created || run.marks_target;
    update_marker(world, run);
}

void drop_slot(world::World& world, Run& run) {
    if (!run.marker.slot_created) return;
    preparation::drop_when_free(world, run.link, "SELECT changed FROM replica.drop_slot($1)", run.options.slot);
    run.marker.slot_created = false;
}

void copy(world::World& world, Run& run) {
    const std::string partial = target::partial_path(run.options.directory);
    world.files.make_directory(partial, unstartable_mode);
    if (!run.compression.reason.empty()) world.reporter.fact(run.compression.reason);
    ProgressWatch watch(run);
    const auto begin = steady_clock::now();
    const world::Outcome outcome = world.processes.run({backup_command(run), {}}, [&] { watch(world); });
    world.reporter.end_progress();
    if (outcome.status != 0)
        throw core::Error(core::sqlstate::io_error, "the copy failed",
                          fmt::format("pg_basebackup {}.\n{}", how_it_ended(outcome), trimmed(outcome.output)),
                          "Mend what it names, then run the same command again.");
    const std::chrono::duration<double> seconds = steady_clock::now() - begin;
    world.reporter.fact(fmt::format("{}copied in {:.1f} s",
                                    run.primary.bytes > 0 ? render::bytes(run.primary.bytes) + " " : "", seconds.count()));
    // from here on the copy holds pg_control: the signal file before anything else
    world.files.write(partial + "/standby.signal", "", 0600);
}

void verify_copy(world::World& world, Run& run) {
    const auto begin = steady_clock::now();
    // by its bare name: pg_verifybackup hands the path to a shell when it calls pg_waldump
    const world::Outcome outcome = world.processes.run(
        {{run.bin_dir + "/pg_verifybackup", "-q", "-i", "standby.signal", target::partial_name}, {}, run.options.directory},
        [&] {
            const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(steady_clock::now() - begin).count();
            if (seconds > 0) world.reporter.progress({"verifying", 0, 0});
        });
    world.reporter.end_progress();
    if (outcome.status == 0) return;
    throw core::Error(core::sqlstate::io_error, "the copy is not what the primary sent",
                      fmt::format("pg_verifybackup found:\n{}", trimmed(outcome.output)),
                      "Check memory and disk of this host, then run the same command again.");
}

}  // namespace cloning
