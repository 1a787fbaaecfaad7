#include "extension/role_password.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/name.hpp"
#include "core/scram.hpp"
#include "extension/server/role.hpp"

namespace roles {

namespace {

void check_plain(const std::string& password) {
    if (password.empty())
        throw core::Error(core::sqlstate::invalid_parameter_value, "password is empty",
                          "PostgreSQL lets nobody log in with an empty password.",
                          "Pass a password, a SCRAM verifier, or NULL for a role without a password.");
    if (name::has_control_character(password))
        throw core::Error(core::sqlstate::invalid_parameter_value, "password contains a control character",
                          "Line breaks and tabs cannot stand in a password file or in a connection string.",
                          "Choose a password without control characters.");
}

void refuse_md5(const std::string& password) {
    if (pg::password_kind(password) != "md5") return;
    throw core::Error(
        core::sqlstate::invalid_parameter_value, "password is an MD5 hash",
        "PostgreSQL has deprecated MD5 passwords, and pg_hba.conf rules with scram-sha-256 refuse them.",
        "Pass a SCRAM verifier or a plain password.");
}

// What only looks like a verifier would be taken for a plain password, and nobody could log in with the real one.
void check_verifier(const std::string& password) {
    if (!scram::looks_like_verifier(password)) return;
    const auto iterations = scram::iterations(password);
    if (!iterations || pg::password_kind(password) != "scram-sha-256")
        throw core::Error(core::sqlstate::invalid_parameter_value, "password is not a complete SCRAM verifier", {},
                          "Pass SCRAM-SHA-256$iterations:salt$stored_key:server_key as one line.");
    if (*iterations > scram::most_iterations)
        throw core::Error(core::sqlstate::invalid_parameter_value, "SCRAM verifier has too many iterations",
                          fmt::format("More than {} keep a process of the server busy for seconds, and no cancel "
                                      "request ends that.",
                                      scram::most_iterations),
                          "Make the verifier with fewer; PostgreSQL's own have 4096.");
}

}  // namespace

void check_password(const std::string& password) {
    check_plain(password);
    refuse_md5(password);
    check_verifier(password);
}

void refuse_empty_password(const std::string& password) {
    if (!scram::is_bounded(password) || !pg::verifier_fits(password, "")) return;
    throw core::Error(core::sqlstate::invalid_parameter_value, "password is the verifier of an empty password",
                      "PostgreSQL lets nobody log in with an empty password.", "Pass the verifier of a password.");
}

}  // namespace roles
