#include "core/synchronous_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/name.hpp"

namespace synchronous {

namespace {

constexpr std::size_t longest_name = 63;  // application_name is cut there

core::Error invalid(std::string message, std::string detail, std::string hint) {
    return {core::sqlstate::invalid_parameter_value, std::move(message), std::move(detail), std::move(hint)};
}

bool is_printable_ascii(const std::string& name) {
    return std::ranges::all_of(name, [](char c) { return c >= ' ' && c <= '~'; });
}

// The server would take such a name, and wait for ever.
void check_name(const std::string& name) {
    const char* hint = "Pass the application_name that the standby connects with; the view replica.standbys shows it.";
    if (name.empty()) throw invalid("the name of a synchronous standby is empty", {}, hint);
    if (name.size() > longest_name || !is_printable_ascii(name))
        throw invalid(fmt::format("no standby can be named \"{}\"", name::shown(name)),
                      "The server cuts application_name after 63 bytes and replaces what is not printable ASCII.", hint);
}

void refuse_twice(const std::vector<std::string>& names) {
    for (auto name = names.begin(); name != names.end(); ++name)
        if (std::any_of(names.begin(), name, [&name](const std::string& other) { return same_name(*name, other); }))
            throw invalid(fmt::format("standby \"{}\" is named twice", *name),
                          "The server compares names without regard to case.", "Name each standby once.");
}

bool is_any(std::string_view method) {
    if (same_name(method, "ANY")) return true;
    if (same_name(method, "FIRST")) return false;
    throw invalid(fmt::format("there is no method \"{}\"", name::shown(method)), {},
                  "Pass FIRST (those that stream, in the order of their names) or ANY (a quorum of them).");
}

bool has_wildcard(const std::vector<std::string>& names) { return std::find(names.begin(), names.end(), "*") != names.end(); }

void check_number(const std::vector<std::string>& names, std::int64_t number) {
    const auto most = static_cast<std::int64_t>(has_wildcard(names) ? 1000 : names.size());
    if (number >= 1 && number <= most) return;
    throw invalid(fmt::format("{} of these standbys cannot confirm a commit", number),
                  fmt::format("{} named.", names.size() == 1 ? "1 is" : fmt::format("{} are", names.size())),
                  fmt::format("Pass a num_sync from 1 to {}.", most));
}

std::string array(const std::vector<std::string>& names) {
    std::string items;
    for (const std::string& name : names) items += (items.empty() ? "" : ", ") + name::quote_literal(name);
    return "ARRAY[" + items + "]";
}

// Those that could be named, each once.
std::vector<std::string> able(const std::vector<Sender>& senders) {
    std::vector<std::string> found;
    for (const Sender& sender : senders)
        if (sender.confirms && std::find(found.begin(), found.end(), sender.name) == found.end()) found.push_back(sender.name);
    return found;
}

std::string hint_on_waiting(const std::vector<Sender>& senders) {
    const std::vector<std::string> names = able(senders);
    const std::string accept = "pass allow_waiting => true to have commits wait until then.";
    if (names.empty()) return "Start these standbys first, or " + accept;
    return fmt::format("Name those that stream: SELECT * FROM replica.set_synchronous_standbys({}); or {}", array(names),
                       accept);
}

std::string note_on(const Sender& sender, bool named) {
    if (!sender.confirms)
        return sender.state == "streaming" ? "streams, but does not report what it has flushed" : "does not stream yet";
    return named ? "" : "is not named: commits do not wait for it";
}

}  // namespace

Names wanted(const std::vector<std::string>& names, std::string_view method, std::int64_t number) {
    std::ranges::for_each(names, check_name);
    refuse_twice(names);
    const bool quorum = is_any(method);
    if (names.empty()) return {};
    check_number(names, number);
    return {quorum, static_cast<int>(number), names};
}

bool same(const Names& one, const Names& other) {
    return one.required == other.required && one.names == other.names && one.quorum == other.quorum;
}

std::int64_t confirming(const Names& names, const std::vector<Sender>& senders) {
    return std::ranges::count_if(
        senders, [&names](const Sender& sender) { return sender.confirms && lists(names, sender.name); });
}

std::string describe(const Names& names, const std::vector<Sender>& senders) {
    if (names.required == 0) return "commits wait for no standby";
    return fmt::format("each commit waits for {} of {}; {} can confirm", names.required,
                       has_wildcard(names.names) ? "all standbys" : fmt::format("{} named", names.names.size()),
                       confirming(names, senders));
}

void refuse_waiting(const Names& names, const std::vector<Sender>& senders) {
    const std::int64_t able_to = confirming(names, senders);
    if (able_to >= names.required) return;
    throw core::Error(core::sqlstate::object_not_in_prerequisite_state, "every commit would wait for standbys that do not stream",
                      fmt::format("{} of the standbys in {} have to confirm, {} can now.", names.required, text(names), able_to),
                      hint_on_waiting(senders));
}

void refuse_none(const Names& before, const Names& after) {
    if (before.required == 0 || after.required > 0) return;
    throw core::Error(core::sqlstate::object_not_in_prerequisite_state, "no synchronous standby would be left",
                      fmt::format("It is {} now. Without one, what was committed last is lost with this server.", text(before)),
                      "Pass allow_none => true if that is meant.");
}

std::vector<Standby> standbys(const Names& names, const std::vector<Sender>& senders) {
    std::vector<Standby> found;
    std::vector<bool> reported(senders.size());
    for (std::size_t place = 0; place < names.names.size(); ++place) {
        const std::string& name = names.names[place];
        const int priority = names.quorum ? 1 : static_cast<int>(place) + 1;
        bool connected = false;
        for (std::size_t i = 0; i < senders.size(); ++i) {
            const Sender& sender = senders[i];
            if (reported[i] || !(name == "*" || same_name(name, sender.name))) continue;
            reported[i] = connected = true;
            found.push_back({sender.name, priority, sender.state, sender.sync_state, sender.confirms, note_on(sender, true)});
        }
        if (!connected) found.push_back({name, priority, "", "", false, "is not connected"});
    }
    for (std::size_t i = 0; i < senders.size(); ++i)
        if (!reported[i])
            found.push_back({senders[i].name, 0, senders[i].state, senders[i].sync_state, senders[i].confirms,
                             note_on(senders[i], false)});
    return found;
}

}  // namespace synchronous
