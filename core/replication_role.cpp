#include "core/replication_role.hpp"

#include <fmt/format.h>

namespace checks {

namespace {

std::string opens(const Role& role) {
    if (role.superuser) return "A superuser: can do everything; give standbys a role of their own.";
    return "Can copy every database of the cluster with all password verifiers, and create and drop replication slots.";
}

std::string on_password(const Role& role, const std::string& password) {
    if (password == "none") return " Has no password: only a line of pg_hba.conf that asks for none lets it in.";
    if (role.expired) return fmt::format(" Its password expired at {}.", role.valid_until);
    if (password == "md5") return " Its password is an md5 hash: a line of pg_hba.conf with scram-sha-256 refuses it.";
    return {};
}

}  // namespace

std::string meaning(const Role& role, const std::optional<std::string>& password) {
    std::string text = opens(role);
    if (!role.can_login) return text + " Cannot log in as it is: NOLOGIN.";
    if (!role.superuser && role.connection_limit >= 0 && role.connections >= role.connection_limit)
        text += fmt::format(" Its connection limit of {} is used up.", role.connection_limit);
    return text + on_password(role, password.value_or(""));
}

}  // namespace checks
