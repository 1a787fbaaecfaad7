#include "core/check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "core/health.hpp"
#include "core/name.hpp"

namespace checks {

namespace {

bool is_local(std::string_view address) {
    return address.empty() || address == "local" || address == "localhost" || address.substr(0, 4) == "127." ||
           address.substr(0, 3) == "::1";
}

bool listens_only_locally(std::string_view addresses) {
    while (!addresses.empty()) {
        const auto comma = addresses.find(',');
        std::string_view address = addresses.substr(0, comma);
        while (!address.empty() && address.front() == ' ') address.remove_prefix(1);
        if (!address.empty() && !is_local(address)) return false;
        addresses = comma == std::string_view::npos ? std::string_view() : addresses.substr(comma + 1);
    }
    return true;
}

std::string alter_role(const std::string& role, std::string_view what) {
    return fmt::format("ALTER ROLE {} {};", name::quote_identifier(role), what);
}

bool starts_with(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }

bool wants_password(std::string_view method) {
    return method == "scram-sha-256" || method == "md5" || method == "password";
}

bool asks_elsewhere(std::string_view method) {
    return method == "ldap" || method == "pam" || method == "radius" || method == "bsd";
}

Finding stored_password(const std::string& role, const std::string& stored, const std::string& method) {
    const bool scram = starts_with(stored, "SCRAM-SHA-256$");
    if (scram) return ok(fmt::format("The password of role \"{}\" is a SCRAM verifier.", role));
    const std::string hint =
        fmt::format("SET password_encryption = 'scram-sha-256'; \\password {}", name::quote_identifier(role));
    const std::string detail = fmt::format("The password of role \"{}\" is an md5 hash", role);
    if (method == "scram-sha-256")
        return error(detail + ", and the line of pg_hba.conf that decides asks for scram-sha-256.", hint);
    return warning(detail + ": it fails wherever pg_hba.conf asks for scram-sha-256.", hint);
}

}  // namespace

std::string_view text(Status status) {
    static constexpr std::array<std::string_view, 3> names = {"ok", "warning", "error"};
    return names[static_cast<std::size_t>(status)];
}

std::string how_to_set(const Setting& setting, std::string_view value, bool needs_restart) {
    if (setting.source == "command line" || setting.source == "environment variable")
        return fmt::format("{} is fixed by the server's {}, which ALTER SYSTEM cannot change: set it to {} there and "
                           "restart the server.",
                           setting.name, setting.source, value);
    return fmt::format("ALTER SYSTEM SET {} = {}; {}", setting.name, name::quote_literal(value),
                       needs_restart ? "-- then restart the server" : "SELECT pg_reload_conf();");
}

Finding capacity(const Setting& setting, std::int64_t used, std::int64_t needed, std::string_view unit) {
    const std::int64_t allowed = std::stoll(setting.value);
    const std::int64_t free = std::max<std::int64_t>(allowed - used, 0);
    const std::string detail = fmt::format("{} = {}, {} in use, {} free; {} {} needed.", setting.name, allowed, used, free,
                                           needed, unit);
    if (free >= needed) return ok(detail);
    return error(detail, how_to_set(setting, std::to_string(std::max<std::int64_t>(used + needed, 10)), true));
}

Finding role_login(const Role& role) {
    if (role.can_login) return ok(fmt::format("Role \"{}\" may log in.", role.name));
    return error(fmt::format("Role \"{}\" has no LOGIN attribute.", role.name), alter_role(role.name, "LOGIN"));
}

Finding role_replication(const Role& role) {
    if (role.replication) return ok(fmt::format("Role \"{}\" has the REPLICATION attribute.", role.name));
    if (role.superuser)
        return warning(fmt::format("Role \"{}\" replicates as a superuser.", role.name),
                       "SELECT * FROM replica.create_role('replicator'); -- and let standbys use that role");
    return error(fmt::format("Role \"{}\" has no REPLICATION attribute.", role.name),
                 alter_role(role.name, "REPLICATION"));
}

Finding role_expiry(const Role& role, const std::optional<std::string>& method) {
    if (role.expired && method && !wants_password(*method))
        return ok(fmt::format("The password of role \"{}\" expired at {}, and the line of pg_hba.conf that decides does not look "
                              "at it ({}).",
                              role.name, role.valid_until, *method));
    if (role.expired)
        return error(fmt::format("The password of role \"{}\" expired at {}.", role.name, role.valid_until),
                     alter_role(role.name, "VALID UNTIL 'infinity'"));
    return ok(role.valid_until.empty()
                  ? fmt::format("The password of role \"{}\" never expires.", role.name)
                  : fmt::format("The password of role \"{}\" is valid until {}.", role.name, role.valid_until));
}

Finding role_connections(const Role& role, std::int64_t needed) {
    if (role.connection_limit < 0 || role.superuser)
        return ok(fmt::format("Role \"{}\" has no connection limit.", role.name));
    const std::string detail = fmt::format("Role \"{}\" has a connection limit of {}, {} in use; {} more needed.",
                                           role.name, role.connection_limit, role.connections, needed);
    if (role.connection_limit - role.connections >= needed) return ok(detail);
    return error(detail, alter_role(role.name, fmt::format("CONNECTION LIMIT {}", role.connections + needed)));
}

Finding role_password(const std::string& role, const std::optional<std::string>& stored,
                      const std::optional<std::string>& method) {
    if (method && asks_elsewhere(*method))
        return ok(fmt::format("The line of pg_hba.conf that decides has the password checked elsewhere ({}).", *method));
    if (method && !wants_password(*method))
        return ok(fmt::format("The line of pg_hba.conf that decides asks for no password ({}).", *method));
    if (stored) return stored_password(role, *stored, method.value_or(""));
    const std::string hint = fmt::format("\\password {}", name::quote_identifier(role));
    const std::string detail = fmt::format("Role \"{}\" has no password", role);
    if (method) return error(fmt::format("{}, and the line of pg_hba.conf that decides asks for one ({}).", detail, *method), hint);
    return warning(detail + ": it cannot log in where pg_hba.conf asks for one.", hint);
}

Finding listening(const Setting& listen_addresses, std::string_view address) {
    const std::string detail = fmt::format("listen_addresses = {}.", name::quote_literal(listen_addresses.value));
    if (is_local(address) || !listens_only_locally(listen_addresses.value)) return ok(detail);
    return error(fmt::format("{} Nobody at {} can connect.", detail, address), how_to_set(listen_addresses, "*", true));
}

std::int64_t walsenders_for(std::int64_t standbys) { return standbys == 0 ? 0 : standbys + 2; }

std::int64_t sessions_for(std::int64_t standbys) { return standbys == 0 ? 0 : standbys + 1; }

Finding pending_restart(const std::vector<std::string>& names, std::string_view grants) {
    static constexpr std::array<std::string_view, 4> needed = {"wal_level", "max_wal_senders", "max_replication_slots",
                                                               "listen_addresses"};
    if (names.empty()) return ok("No setting waits for a restart.");
    const std::string detail = fmt::format("New values of these settings wait for a restart: {}.", fmt::join(names, ", "));
    if (!grants.empty())
        return warning(detail + " Without a look at the files a value that was taken back meanwhile seems to wait, too.",
                       std::string(grants));
    const bool matters = std::any_of(names.begin(), names.end(), [](const std::string& name) {
        return std::find(needed.begin(), needed.end(), name) != needed.end();
    });
    return {matters ? Status::error : Status::warning, detail, "Restart the server."};
}

Finding raised_limits(const std::vector<Raised>& limits, const std::string& standbys) {
    std::string values, statements;
    for (const Raised& limit : limits) {
        values += fmt::format("{}{} from {} to {}", values.empty() ? "" : ", ", limit.name, limit.running, limit.later);
        statements += fmt::format(" ALTER SYSTEM SET {} = {};", limit.name, name::quote_literal(limit.later));
    }
    if (limits.empty()) return ok("No limit that standbys must follow waits to be raised.");
    const std::string detail = fmt::format("The next start raises {}.", values);
    if (standbys.empty()) return ok(detail + " No standby is connected.");
    return warning(fmt::format("{} A standby with less pauses its replay then, and does not start again. Connected: {}.",
                               detail, standbys),
                   fmt::format("First on each standby:{} and restart it; this server last.", statements));
}

Finding room_for_wal(const Setting& max_slot_wal_keep_size, std::int64_t free, std::int64_t total, std::int64_t slots) {
    static constexpr std::int64_t little = 256 << 20;  // sixteen segments
    const std::int64_t bound = std::stoll(max_slot_wal_keep_size.value);
    const std::string detail =
        fmt::format("{} of {} are free where pg_wal lies", health::bytes(free), health::bytes(total));
    const std::string bounded =
        how_to_set(max_slot_wal_keep_size, fmt::format("{}MB", std::max<std::int64_t>(free / 2 >> 20, 64)), false);
    if (free < little)
        return error(detail + ": the server stops when they are used up.",
                     "Make room on that file system, or see the view replica.slots for slots that can be dropped.");
    if (slots > 0 && bound < 0)
        return warning(fmt::format("{}, and nothing bounds what {} slot(s) may retain.", detail, slots), bounded);
    if (slots > 0 && bound > free >> 20)
        return warning(fmt::format("{}, and slots may retain {}.", detail, health::bytes(bound << 20)), bounded);
    return ok(detail + ".");
}

}  // namespace checks
