// What may archive: a command or a library, and never beside one that archives already.
#include <fmt/format.h>

#include "core/error.hpp"
#include "core/name.hpp"
#include "core/settings.hpp"

namespace settings {

namespace {

// What archives now, if it is something else than what is asked for.
void refuse_other_archiver(const Facts& facts, const std::string& asked, const std::string& value) {
    for (const char* name : {"archive_command", "archive_library"}) {
        const std::string present = facts.knows(name) ? facts.get(name).at_restart : std::string();
        if (present.empty() || (name == asked && present == value)) continue;
        throw core::Error(core::sqlstate::object_not_in_prerequisite_state,
                          fmt::format("WAL is archived by another {} already", std::string_view(name).substr(8)),
                          fmt::format("{} is: {}", name, present),
                          fmt::format("Leave the argument {} out, or clear the other one with ALTER SYSTEM first.", asked));
    }
}

// The server knows %p, %f and %%; from PostgreSQL 16 on it archives nothing with any other.
bool has_unknown_placeholder(const std::string& command) {
    for (auto at = command.find('%'); at != std::string::npos; at = command.find('%', at + 2))
        if (command.find_first_of("pf%", at + 1) != at + 1) return true;
    return false;
}

void check_archive_command(const Facts& facts, const std::string& command) {
    if (command.empty() || name::has_control_character(command))
        throw core::Error(
            core::sqlstate::invalid_parameter_value,
            "archive_command is empty or contains a control character", {},
            "Pass a shell command in one line, for example 'test ! -f /archive/%f && cp %p /archive/%f'.");
    if (has_unknown_placeholder(command))
        throw core::Error(core::sqlstate::invalid_parameter_value, "archive_command has a placeholder that no server knows",
                          "%p is the path of the file to archive, %f its name, %% a percent sign.",
                          "Write each other % as %%.");
    refuse_other_archiver(facts, "archive_command", command);
}

bool is_bare_name(const std::string& library) {
    static constexpr const char* letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    return !library.empty() && library.size() < 64 && library.find_first_not_of(letters) == std::string::npos;
}

void check_archive_library(const Facts& facts, const Wishes& wishes) {
    if (!facts.knows("archive_library"))
        throw core::Error(core::sqlstate::invalid_parameter_value, "this server knows no archive_library",
                          "The setting is new in PostgreSQL 15.", "Pass archive_command instead.");
    if (wishes.archive_command)
        throw core::Error(core::sqlstate::invalid_parameter_value, "archive_command and archive_library exclude each other",
                          {}, "Pass one of them.");
    if (!is_bare_name(*wishes.archive_library))
        throw core::Error(core::sqlstate::invalid_parameter_value, "archive_library is not the bare name of a library",
                          {}, "Pass the name of a library of the server, letters, digits, _ and -: 'basic_archive'.");
    refuse_other_archiver(facts, "archive_library", *wishes.archive_library);
}

}  // namespace

void check_archiving(const Facts& facts, const Wishes& wishes) {
    if (wishes.archive_command) check_archive_command(facts, *wishes.archive_command);
    if (wishes.archive_library) check_archive_library(facts, wishes);
}

}  // namespace settings
