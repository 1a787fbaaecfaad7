// The connection options that every command shares, named as in PostgreSQL's own client programs (app-psql).
#pragma once

#include <string>

#include "tool/world.hpp"

namespace CLI {
class App;
}

namespace connection {

struct Options {
    std::string host, port, user, dbname;
    bool no_password = false;  // -w: never prompt
};

// Adds -h, -p, -U, -d and -w to a command. port_names is "-p" alone where --port is the standby's port.
void add_options(CLI::App& command, Options& options, const std::string& port_names = "-p,--port");

// The parameters for Database::connect. A connection string or URI in -d wins over the other options, as in psql; the
// database is "postgres" when neither an option nor PGDATABASE or a service names one.
// Throws Failure (usage) for a port that is no number from 1 to 65535 and for a host in brackets.
conninfo::Parameters parameters(const Options& options);

world::Prompt prompt(const Options& options);

}  // namespace connection
