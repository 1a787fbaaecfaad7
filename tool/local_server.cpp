#include "tool/local_server.hpp"

#include "tool/failure.hpp"

namespace local_server {

namespace {

conninfo::Parameters placed(conninfo::Parameters login, const conninfo::Parameters& place) {
    login.set("hostaddr", "");
    for (const auto& [keyword, value] : place.pairs()) login.set(keyword, value);
    return login;
}

}  // namespace

std::unique_ptr<world::Session> connect(world::World& world, const server::Running& running,
                                        const conninfo::Parameters& login, const std::string& purpose,
                                        world::Prompt prompt) {
    conninfo::Parameters parameters = placed(login, server::connection(running));
    const bool over_socket = parameters.get("host").rfind('/', 0) == 0;
    try {
        return world.database.connect(parameters, purpose, over_socket ? world::Prompt::never : prompt);
    } catch (const Failure&) {
        if (!over_socket) throw;
    }
    const bool any = running.listen_address.empty() || running.listen_address == "*";
    parameters.set("host", any ? "localhost" : running.listen_address);
    return world.database.connect(parameters, purpose, prompt);
}

}  // namespace local_server
