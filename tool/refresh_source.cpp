// The steps of refresh that talk to the primary: the backup that is held open, and the comparison.
#include <fmt/format.h>

#include <thread>

#include "core/error.hpp"
#include "tool/refresh_run.hpp"
#include "tool/render/progress.hpp"

namespace refreshing {

namespace {

using std::chrono::steady_clock;

constexpr std::uint32_t control_size = 8192;

double share(const Tally& tally) {
    return tally.compared == 0 ? 0 : 100.0 * static_cast<double>(tally.received) / static_cast<double>(tally.compared);
}

// Sessions that no proxy may share: a backup belongs to its session.
void expect_same_server(world::Session& session, const Run& run) {
    const auto found = session.query("SELECT system_identifier AS id FROM pg_control_system()").at(0, "id").value_or("");
    if (found == run.base->primary.system_identifier) return;
    throw core::Error(core::sqlstate::connection_failure, "another connection reached another cluster",
                      fmt::format("Its system identifier is {} instead of {}.", found, run.base->primary.system_identifier),
                      "Check for a pooler or proxy between this host and the primary, and connect past it.");
}

conninfo::Parameters parameters_again(const Run& run) {
    conninfo::Parameters parameters = run.base->link.session().parameters();
    parameters.set("password", run.base->link.session().password());
    parameters.set("application_name", "pg_replica refresh " + run.base->application_name.substr(0, 40));
    return parameters;
}

std::unique_ptr<world::Session> connect_with(world::World& world, const Run& run, const conninfo::Parameters& parameters) {
    auto session = world.database.connect(parameters, "the primary", world::Prompt::never);
    session->answer_within(run.base->patience());
    return session;
}

// Ends the threads on every way out: they use what stands in the frame below.
class Crew {
 public:
    explicit Crew(Comparison& comparison) : comparison_(comparison) {}
    ~Crew() {
        comparison_.stop();
        join();
    }
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;

    void add(const Comparison::Connect& connect) {
        ++working_;
        threads_.emplace_back([this, connect] {
            comparison_.work(connect);
            --working_;
        });
    }
    bool works() const { return working_ > 0; }
    void join() {
        for (std::thread& thread : threads_) thread.join();
        threads_.clear();
    }

 private:
    Comparison& comparison_;
    std::atomic<int> working_{0};
    std::vector<std::thread> threads_;
};

void show(world::World& world, const Tally& tally) {
    // a phase that changes would start the clock of the rate anew: the share stands in the last line
    if (tally.compared > 0) world.reporter.progress({"comparing", tally.compared, tally.total});
}

Tally compare_all(world::World& world, Run& run, bool write) {
    Comparison comparison(world.files, {run.directory(), run.file_mode(), write, run.packing}, run.list, run.kept);
    const conninfo::Parameters login = parameters_again(run);
    Crew crew(comparison);
    for (int i = 0; i < run.connections; ++i)
        crew.add([&] {
            auto session = connect_with(world, run, login);
            expect_same_server(*session, run);
            return session;
        });
    while (crew.works()) {
        world.processes.sleep(std::chrono::milliseconds(5));
        show(world, comparison.tally());
    }
    crew.join();
    world.reporter.end_progress();
    comparison.check();
    return comparison.tally();
}

}  // namespace

std::unique_ptr<world::Session> connect_again(world::World& world, Run& run) {
    return connect_with(world, run, parameters_again(run));
}

// The checkpoint at its beginning may take its time.
void begin_backup(world::World& world, Run& run) {
    run.control = connect_again(world, run);
    expect_same_server(*run.control, run);
    const bool fast = run.base->options.checkpoint == "fast";
    const std::string label = "pg_replica refresh " + run.base->application_name;
    run.control->query(run.base->primary.version >= 150000 ? "SELECT pg_backup_start($1, $2::boolean)"
                                                           : "SELECT pg_start_backup($1, $2::boolean, false)",
                       {label, fast ? "true" : "false"});
}

// The end of its session is the end of an unfinished backup.
void abandon_backup(world::World&, Run& run) { run.control.reset(); }

void compare(world::World& world, Run& run) {
    const auto begin = steady_clock::now();
    run.tally = compare_all(world, run, true);
    const std::chrono::duration<double> seconds = steady_clock::now() - begin;
    world.reporter.fact(fmt::format("{} compared, {} of it differed and came here ({:.1f} %), in {:.1f} s",
                                    render::bytes(run.tally.compared), render::bytes(run.tally.received), share(run.tally),
                                    seconds.count()));
    if (run.tally.carried < run.tally.received)
        world.reporter.fact(fmt::format("the primary packed it into {}", render::bytes(run.tally.carried)));
    if (run.tally.vanished + run.tally.cut_short > 0)
        world.reporter.fact(fmt::format("{} files were removed and {} pieces cut off on the primary meanwhile",
                                        run.tally.vanished, run.tally.cut_short));
}

void rehearse(world::World& world, Run& run) {
    const auto session = connect_again(world, run);
    run.list = read_list(*session);
    run.tally = compare_all(world, run, false);
}

// pg_control last, before the end: whatever a checkpoint writes into it meanwhile, replay begins where the label says.
void end_backup(world::World& world, Run& run) {
    run.pg_control = fetch_file(*run.control, "global/pg_control", control_size);
    if (run.pg_control.size() != control_size)
        throw core::Error(core::sqlstate::io_error, "the primary's pg_control could not be read as a whole",
                          fmt::format("{} bytes came instead of {}.", run.pg_control.size(), control_size));
    const auto rows = run.control->query(run.base->primary.version >= 150000
                                             ? "SELECT labelfile FROM pg_backup_stop(false)"
                                             : "SELECT labelfile FROM pg_stop_backup(false, false)");
    run.backup_label = rows.at(0, "labelfile").value_or("");
    run.control.reset();
    cloning::check_wal_is_there(*run.base);
    world.reporter.fact("the slot still holds all WAL since its beginning");
}

}  // namespace refreshing
