#include "extension/admission_request.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/name.hpp"
#include "extension/hba_facts.hpp"
#include "extension/server/query.hpp"
#include "extension/server/version.hpp"

namespace admission {

namespace {

void check_role_exists(const std::string& role) {
    if (pg::query_value("SELECT true FROM pg_catalog.pg_roles WHERE rolname = $1", {role})) return;
    const pg::Value similar = pg::query_value(
        "SELECT rolname FROM pg_catalog.pg_roles WHERE pg_catalog.lower(rolname) = pg_catalog.lower($1) "
        "LIMIT 1",
        {role});
    if (similar)
        throw core::Error(
            core::sqlstate::undefined_object, fmt::format("role \"{}\" does not exist", role),
            fmt::format("There is a role \"{}\": upper and lower case differ.", *similar),
            fmt::format("Pass {} if that is the role you mean.", name::quote_literal(*similar)));
    throw core::Error(
        core::sqlstate::undefined_object, fmt::format("role \"{}\" does not exist", role),
        "A line for it would let nobody in.",
        fmt::format("Create it with SELECT * FROM replica.create_role({}).", name::quote_literal(role)));
}

std::string role_note(const std::string& role) {
    const pg::Value able = pg::query_value(
        "SELECT rolcanlogin AND rolreplication FROM pg_catalog.pg_roles WHERE rolname = $1", {role});
    if (able == "t") return {};
    return "The role lacks LOGIN or REPLICATION and cannot replicate yet. ";
}

std::string read_type(const pg::Arguments& arguments, bool local) {
    const std::string type = arguments.text(2).value_or("host");
    if (!hba::channels_of(type))
        throw core::Error(core::sqlstate::invalid_parameter_value,
                          fmt::format("\"{}\" is not a connection type", name::shown(hba::printable(type))), {},
                          "Use host, hostssl, hostnossl, hostgssenc, hostnogssenc or local.");
    if (local && type == "host") return "local";
    if (local == (type == "local")) return type;
    throw core::Error(
        core::sqlstate::invalid_parameter_value,
        fmt::format("connection type \"{}\" does not go with this address", type),
        "The type local has no address, and all others need one.",
        "For the Unix-domain socket pass 'local' as the address and leave the connection type out.");
}

void check_tls_is_on(const std::string& type) {
    if (type != "hostssl" || pg::query_value("SELECT pg_catalog.current_setting('ssl')") == "on") return;
    throw core::Error(core::sqlstate::object_not_in_prerequisite_state,
                      "connection type \"hostssl\" cannot match", "The server has ssl = off.",
                      "Set ssl = on with a certificate first, or use the type host.");
}

std::string read_method(const pg::Arguments& arguments, const std::string& type) {
    const std::string method = arguments.text(3).value_or("scram-sha-256");
    if (method == "scram-sha-256" || method == "md5") return method;
    if (method == "cert" && type == "hostssl") return method;
    if (method == "peer" && type == "local") return method;
    throw core::Error(
        core::sqlstate::invalid_parameter_value,
        fmt::format("authentication method \"{}\" is not taken for connection type \"{}\"",
                    name::shown(hba::printable(method)), type),
        "Whoever replicates reads everything, so only methods that prove who connects are taken: "
        "scram-sha-256, md5, cert with hostssl, peer with local.",
        "Use scram-sha-256; lines with other methods are for you to write.");
}

// Prefixes below these admit a good part of the world.
int narrowest_wide(bool v6) { return v6 ? 32 : 8; }

void check_narrow(const hba::Asked& asked, const std::string& text) {
    const int least = narrowest_wide(asked.network.address.v6);
    if (!asked.has_host_bits && asked.prefix >= least) return;
    throw core::Error(
        core::sqlstate::invalid_parameter_value, fmt::format("\"{}\" admits more than it says", text),
        asked.has_host_bits
            ? fmt::format("It has bits set outside its mask and means the whole network {}.",
                          hba::print(asked.network))
            : fmt::format("It means {}; prefixes below {} admit a large part of the internet.",
                          hba::print(asked.network), least),
        asked.has_host_bits ? "Give the address of the standby without a mask, or the network itself; "
                              "allow_wide => true takes it as it is."
                            : "Give a smaller network; allow_wide => true takes it as it is.");
}

std::optional<hba::Network> read_network(const pg::Value& address, bool allow_wide) {
    if (hba::is_local(address)) return std::nullopt;
    const hba::Asked asked = hba::read_address(*address);
    if (!allow_wide) check_narrow(asked, *address);
    return asked.network;
}

}  // namespace

Wanted read_wanted(const pg::Arguments& arguments) {
    Wanted wanted;
    hba::Entry& entry = wanted.entry;
    entry.role = arguments.required(0, "role_name");
    hba::rule_text(
        entry, hba::Dialect::of(pg::version::server()));  // a name that the file cannot hold is refused first
    const pg::Value address = arguments.text(1);
    entry.from = read_network(address, arguments.boolean(4, false));
    entry.type = read_type(arguments, hba::is_local(address));
    entry.method = read_method(arguments, entry.type);
    check_tls_is_on(entry.type);
    check_role_exists(entry.role);
    wanted.note = role_note(entry.role);
    wanted.channels = *hba::channels_of(entry.type);
    wanted.request.role = entry.role;
    wanted.request.groups = hba::groups_of(entry.role);
    if (entry.from) wanted.request.from = *entry.from;
    wanted.dry_run = arguments.boolean(5, false);
    return wanted;
}

Unwanted read_unwanted(const pg::Arguments& arguments) {
    Unwanted unwanted;
    unwanted.role = arguments.required(0, "role_name");
    name::check_plain("role", unwanted.role);
    unwanted.from = read_network(arguments.text(1), true);
    unwanted.dry_run = arguments.boolean(2, false);
    return unwanted;
}

}  // namespace admission
