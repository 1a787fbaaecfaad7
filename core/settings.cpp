#include "core/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "core/error.hpp"
#include "core/name.hpp"

namespace settings {

namespace {

constexpr std::int64_t most_standbys = 1000;
// raising it takes a restart, so it is raised at least to what the server ships with
constexpr std::int64_t shipped_limit = 10;
constexpr double most_megabytes = 1e15;
constexpr std::int64_t unbounded = std::numeric_limits<std::int64_t>::max();

std::int64_t index_in(std::initializer_list<std::string_view> ordered, std::string_view value) {
    const auto* found = std::find(ordered.begin(), ordered.end(), value);
    return found == ordered.end() ? -1 : found - ordered.begin();
}

std::string lower(std::string_view text) {
    std::string lowered(text);
    for (char& c : lowered)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lowered;
}

// As the server reads a boolean: any unambiguous beginning of true, yes, on, and 1.
bool is_true(const std::string& value) {
    if (value.empty()) return false;
    return value == "1" || value == "on" || std::string_view("true").starts_with(value) ||
           std::string_view("yes").starts_with(value);
}

std::int64_t measure_wal_level(const std::string& value) {
    if (value == "archive" || value == "hot_standby") return 1;
    return index_in({"minimal", "replica", "logical"}, value);
}

std::int64_t measure_archive_mode(const std::string& value) {
    return value == "always" ? 2 : is_true(value) ? 1 : 0;
}

std::int64_t number(const std::string& value) { return std::strtoll(value.c_str(), nullptr, 0); }

bool is_size(std::string_view name) { return name == "wal_keep_size" || name == "max_slot_wal_keep_size"; }

std::int64_t factor_in_bytes(std::string_view unit) {
    static constexpr std::array<std::string_view, 5> units = {"B", "kB", "MB", "GB", "TB"};
    if (unit.empty()) return std::int64_t{1} << 20;
    const auto* found = std::find(units.begin(), units.end(), unit);
    return found == units.end() ? 0 : std::int64_t{1} << (10 * (found - units.begin()));
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

// Works out one requirement after the other; the wishes have been checked.
class Planner {
 public:
    Planner(const Facts& facts, const Wishes& wishes) : facts_(facts), wishes_(wishes) {}

    std::vector<Requirement> plan() {
        wal_level();
        senders();
        slots();
        wal_keep_size();
        max_slot_wal_keep_size();
        wal_log_hints();
        at_least("hot_standby", "on", "on", "a standby that was cloned with off answers no queries");
        archiving();
        return std::move(plan_);
    }

 private:
    bool enough(const std::string& name, const std::string& value, const std::string& required) const {
        return measure(name, value) >= measure(name, required);
    }

    void at_least(const std::string& name, const std::string& required, const std::string& target,
                  std::string reason) {
        const Parameter& parameter = facts_.get(name);
        const bool later = enough(name, parameter.at_restart, required);
        const bool now = enough(name, parameter.running, required);
        if (now && !later) reason += fmt::format("; the next start would use {}", parameter.at_restart);
        plan_.push_back(
            {name, required, now && later, later ? std::nullopt : std::optional(target), std::move(reason)});
    }

    void anything(const std::string& name, std::string reason) {
        plan_.push_back({name, std::nullopt, true, std::nullopt, std::move(reason)});
    }

    void wal_level() {
        const bool logical = facts_.logical_slots > 0 || facts_.get("wal_level").running == "logical";
        at_least("wal_level", "replica", logical ? "logical" : "replica",
                 "minimal leaves out what a standby needs");
    }

    void limit(const std::string& name, std::int64_t required, std::string reason) {
        const std::int64_t target =
            std::max({required, shipped_limit, measure(name, facts_.get(name).running)});
        at_least(name, std::to_string(required), std::to_string(target), std::move(reason));
    }

    void senders() {
        std::string reason = fmt::format("one for each of {} standbys and two for a clone", wishes_.standbys);
        if (facts_.logical_slots > 0)
            reason += fmt::format(", and one for each of {} logical slots", facts_.logical_slots);
        const std::int64_t required = wishes_.standbys + 2 + facts_.logical_slots;
        if (!facts_.standbys.empty() &&
            measure("max_wal_senders", facts_.get("max_wal_senders").at_restart) < required)
            reason +=
                fmt::format("; a standby with a smaller value pauses its replay, so raise it there first: {}",
                            facts_.standbys);
        limit("max_wal_senders", required, std::move(reason));
    }

    void slots() {
        std::string reason =
            fmt::format("one for each of {} standbys and a temporary one for a clone", wishes_.standbys);
        if (facts_.logical_slots > 0) reason += fmt::format(", and {} logical ones", facts_.logical_slots);
        const std::int64_t needed = wishes_.standbys + 1 + facts_.logical_slots;
        limit("max_replication_slots", std::max(needed, facts_.physical_slots + facts_.logical_slots),
              std::move(reason));
    }

    void wal_keep_size() {
        if (!wishes_.wal_keep_size) return anything("wal_keep_size", "slots keep the WAL that standbys need");
        at_least("wal_keep_size", *wishes_.wal_keep_size, *wishes_.wal_keep_size,
                 "asked for; it is never lowered");
    }

    // The one value that may be lowered, and only from "no bound": that is what naming a bound is for.
    void max_slot_wal_keep_size() {
        const std::string name = "max_slot_wal_keep_size";
        const bool bounded = measure(name, facts_.get(name).at_restart) != unbounded;
        if (!wishes_.max_slot_wal_keep_size)
            return anything(name, bounded
                                      ? "a slot that falls further behind is given up"
                                      : "no bound: a slot whose standby is gone fills the disk; name one");
        if (bounded || measure(name, *wishes_.max_slot_wal_keep_size) == unbounded)
            return at_least(name, *wishes_.max_slot_wal_keep_size, *wishes_.max_slot_wal_keep_size,
                            "asked for; a bound is never lowered");
        plan_.push_back({name, wishes_.max_slot_wal_keep_size, false, wishes_.max_slot_wal_keep_size,
                         "asked for; without a bound a slot whose standby is gone fills the disk"});
    }

    void wal_log_hints() {
        if (facts_.data_checksums) return anything("wal_log_hints", "data checksums serve pg_rewind as well");
        at_least("wal_log_hints", "on", "on",
                 "pg_rewind brings back a former primary only with it or data checksums");
    }

    void archiving() {
        if (wishes_.archive_command || wishes_.archive_library)
            at_least("archive_mode", "on", "on", "what archives was given");
        else
            anything("archive_mode", "set only together with archive_command or archive_library");
        const bool on = plan_.back().sufficient;
        archive_with("archive_command", wishes_.archive_command, on, "set only when it is given, as it is a shell command");
        if (facts_.knows("archive_library"))
            archive_with("archive_library", wishes_.archive_library, on, "set only when it is given, as it runs in the server");
    }

    void archive_with(const char* name, const std::optional<std::string>& wish, bool on, const char* why_not) {
        if (!wish) return anything(name, why_not);
        const bool later = facts_.get(name).at_restart == *wish;
        plan_.push_back({name, wish, later && on, later ? std::nullopt : wish, "asked for"});
    }

    const Facts& facts_;
    const Wishes& wishes_;
    std::vector<Requirement> plan_;
};

void check_standbys(std::int64_t standbys) {
    if (standbys >= 1 && standbys <= most_standbys) return;
    throw core::Error(
        core::sqlstate::invalid_parameter_value, fmt::format("{} standbys cannot be planned for", standbys),
        {}, fmt::format("Pass the number of standbys that this server shall feed, 1 to {}.", most_standbys));
}

void check_bound(const Facts& facts, const std::string& bound) {
    const std::int64_t wished = measure("max_slot_wal_keep_size", bound);
    if (wished < 1)
        throw core::Error(core::sqlstate::invalid_parameter_value,
                          "max_slot_wal_keep_size of 0 would give up every slot",
                          "A slot is invalidated as soon as it retains more than this.",
                          "Pass at least a few WAL segments, for example '10GB', or -1 for no bound.");
    if (wished > facts.most_retained) return;
    if (measure("max_slot_wal_keep_size", facts.get("max_slot_wal_keep_size").at_restart) != unbounded)
        return;
    throw core::Error(core::sqlstate::object_not_in_prerequisite_state,
                      fmt::format("max_slot_wal_keep_size of {} would invalidate a replication slot", bound),
                      fmt::format("A slot retains {} MB of WAL already.", facts.most_retained),
                      "Pass a larger bound, or see the view replica.slots for slots that can be dropped.");
}

}  // namespace

bool Facts::knows(std::string_view name) const {
    return std::any_of(parameters.begin(), parameters.end(), [name](const Parameter& one) { return one.name == name; });
}

const Parameter& Facts::get(std::string_view name) const {
    for (const Parameter& parameter : parameters)
        if (parameter.name == name) return parameter;
    throw core::Error(core::sqlstate::internal_error, fmt::format("setting \"{}\" was not read", name));
}

Facts Facts::with(std::string_view name, const std::string& at_restart) const {
    Facts changed = *this;
    for (Parameter& parameter : changed.parameters)
        if (parameter.name == name) parameter.at_restart = at_restart;
    return changed;
}

std::optional<std::int64_t> megabytes(std::string_view text) {
    const std::string value(trimmed(text));
    char* end = nullptr;
    double amount = static_cast<double>(std::strtoll(value.c_str(), &end, 0));
    if (*end == '.' || *end == 'e' || *end == 'E') amount = std::strtod(value.c_str(), &end);
    const std::int64_t factor = factor_in_bytes(trimmed(end));
    if (end == value.c_str() || factor == 0) return std::nullopt;
    const double size = std::rint(amount * static_cast<double>(factor) / (1 << 20));
    // more than any setting takes, and than the type of the result does; "nan" is no size
    if (!(std::fabs(size) < most_megabytes)) return std::nullopt;
    return static_cast<std::int64_t>(size);
}

std::int64_t measure(std::string_view name, std::string_view value) {
    const std::string text = lower(trimmed(value));
    if (name == "wal_level") return measure_wal_level(text);
    if (name == "archive_mode") return measure_archive_mode(text);
    if (name == "wal_log_hints" || name == "hot_standby") return is_true(text) ? 1 : 0;
    if (!is_size(name)) return number(text);
    const std::int64_t size = megabytes(value).value_or(0);
    return size < 0 ? unbounded : size;
}

std::vector<Requirement> require(const Facts& facts, const Wishes& wishes) {
    check_standbys(wishes.standbys);
    if (wishes.max_slot_wal_keep_size) check_bound(facts, *wishes.max_slot_wal_keep_size);
    check_archiving(facts, wishes);
    return Planner(facts, wishes).plan();
}

}  // namespace settings
