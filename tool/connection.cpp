#include "tool/connection.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "core/name.hpp"
#include "tool/failure.hpp"
#include "tool/real/database.hpp"

namespace connection {

namespace {

// As libpq's own test (recognized_connection_string).
bool is_connection_string(const std::string& text) {
    return text.rfind("postgresql://", 0) == 0 || text.rfind("postgres://", 0) == 0 ||
           text.find('=') != std::string::npos;
}

bool has_environment(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
}

// A list of ports goes with a list of hosts; an empty one is the default.
bool is_port_list(const std::string& text) {
    std::istringstream list(text);
    for (std::string port; std::getline(list, port, ',');) {
        const bool digits = std::all_of(port.begin(), port.end(), [](unsigned char c) { return c >= '0' && c <= '9'; });
        if (!digits || port.size() > 5 || (!port.empty() && (std::stoi(port) < 1 || std::stoi(port) > 65535))) return false;
    }
    return true;
}

// libpq would look these up, or blame the server.
void check(const conninfo::Parameters& parameters) {
    const std::string host = parameters.get("host"), port = parameters.get("port");
    if (!is_port_list(port))
        throw Failure(ExitCode::usage, fmt::format("\"{}\" is not a port", port), "A port is a number from 1 to 65535.",
                      "Give the port of the server with -p.");
    if (host.empty() || host[0] != '[') return;
    const std::string address = host.substr(1, host.find(']') - 1);
    throw Failure(ExitCode::usage, fmt::format("\"{}\" is not a host", host), "Brackets belong to a URI only.",
                  fmt::format("Write the address without brackets: -h {}", name::quote_shell(address)));
}

}  // namespace

void add_options(CLI::App& command, Options& options, const std::string& port_names) {
    command.add_option("-h,--host", options.host, "host of the server, or the directory of its socket (PGHOST)");
    command.add_option(port_names, options.port, "port of the server (PGPORT)");
    command.add_option("-U,--username", options.user, "role to log in as (PGUSER)");
    command.add_option("-d,--dbname", options.dbname,
                       "database that holds the extension, or a connection string or URI (PGDATABASE; default: postgres)");
    command.add_flag("-w,--no-password", options.no_password, "never ask for a password");
}

conninfo::Parameters parameters(const Options& options) {
    conninfo::Parameters parameters;
    parameters.set("host", options.host);
    parameters.set("port", options.port);
    parameters.set("user", options.user);
    if (is_connection_string(options.dbname)) {
        const conninfo::Parameters expanded = real::parse_connection_string(options.dbname);
        for (const auto& [keyword, value] : expanded.pairs()) parameters.set(keyword, value);
    } else {
        parameters.set("dbname", options.dbname);
    }
    const bool named = parameters.has("dbname") || parameters.has("service") || has_environment("PGDATABASE") ||
                       has_environment("PGSERVICE");
    if (!named) parameters.set("dbname", "postgres");
    check(parameters);
    return parameters;
}

world::Prompt prompt(const Options& options) {
    return options.no_password ? world::Prompt::never : world::Prompt::on_terminal;
}

}  // namespace connection
