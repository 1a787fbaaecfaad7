// A server that runs on this host, as its data directory tells (storage-file-layout: postmaster.pid).
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tool/world.hpp"

namespace server {

struct Running {
    int pid = 0;
    std::string port, socket_directory, listen_address;
    std::string status;  // "starting", "ready" (accepts connections), "standby" (with hot_standby off: it
                         // never will), "stopping"
};

// What postmaster.pid says, if that process is alive and works in that directory; nothing otherwise.
std::optional<Running> running(world::World& world, const std::string& directory);

struct Launch {
    std::string bin_dir, directory;
    std::string config_file;  // outside the directory; empty: the one inside
    std::string log;
};

// The command line of the server: argv for execve, no shell.
std::vector<std::string> command_line(const Launch& launch);

// Starts the server and waits until it accepts connections. Throws core::Error with the last lines of the log
// when it ends, or when limit has passed without any progress of recovery. look, where given, is called at each turn of
// the wait and may throw. On every way out but success the server that it started is ended.
Running start(world::World& world, const Launch& launch, std::chrono::seconds limit, const std::function<void()>& look = {});

// The same for a server that somebody else has started, and that is running: waits, and ends nothing.
Running wait_until_ready(world::World& world, const Launch& launch, std::chrono::seconds limit, const Running& running);

// Fast shutdown, immediate after 60 seconds; returns when the process is gone. Throws core::Error when it
// does not go.
void stop(world::World& world, const std::string& directory);

// How to connect to a running server from this host.
conninfo::Parameters connection(const Running& running);

// The value of one setting as the server itself would read it from its files (postgres -C). Throws
// core::Error with the server's message when the configuration is not valid.
std::string effective_setting(world::World& world, const Launch& launch, const std::string& name);
// Several at once, in the order of names.
std::vector<std::string> effective_settings(world::World& world, const Launch& launch, const std::vector<std::string>& names);

}  // namespace server
