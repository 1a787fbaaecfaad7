// One look at one server for status: its views, or why they could not be read.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "tool/render/server.hpp"
#include "tool/world.hpp"

namespace probe {

struct Question {
    std::optional<health::Thresholds> thresholds;  // nothing: those of the server's views
    bool slots = false;
    bool blocker = false;  // of replay on a standby, with its query
    std::chrono::seconds patience{2};  // for a connection to one address, and for each answer
};

class Probe {
   public:
    Probe(world::Database& database, conninfo::Parameters parameters, world::Prompt prompt, Question question);

    // Connects when there is no session, or when the one there was is lost. Throws Interrupted only.
    render::Server look();
    // "host:port", the same whether the server can be reached or not.
    const std::string& name() const { return name_; }
    // What led to it, with what a service or a variable added once it was connected to, and a password only if it was given.
    const conninfo::Parameters& login() const { return login_; }

   private:
    void connect();
    render::Server read();
    render::Server failed(const core::Error& error);

    world::Database& database_;
    conninfo::Parameters parameters_, login_;
    world::Prompt prompt_;
    Question question_;
    std::string name_;
    std::unique_ptr<world::Session> session_;
};

// No answer, or a server that starts or stops, is critical; one that turned us away or hides something is unknown.
health::Level level_of(const core::Error& error);

}  // namespace probe
