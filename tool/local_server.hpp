// A session with the server of a data directory on this host.
#pragma once

#include <memory>

#include "tool/server.hpp"

namespace local_server {

// Over the Unix-domain socket, or over TCP where the socket's rule wants another kind of login. login tells user,
// database and password. Throws Failure.
std::unique_ptr<world::Session> connect(world::World& world, const server::Running& running,
                                        const conninfo::Parameters& login, const std::string& purpose,
                                        world::Prompt prompt);

}  // namespace local_server
