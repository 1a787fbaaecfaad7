// A session with a server that outlives a restart of that server.
#pragma once

#include <cstdint>
#include <memory>

#include "tool/world.hpp"

namespace tool {

class Link {
   public:
    // Takes over an open session; parameters, with the password, are what reopens it.
    Link(world::Database& database, std::unique_ptr<world::Session> session, std::string purpose);

    world::Session& session() { return *session_; }
    const std::string& purpose() const { return purpose_; }  // "the primary"
    world::Rows query(const std::string& sql, const std::vector<world::Value>& parameters = {}) {
        return session_->query(sql, parameters);
    }
    // As query, once more over a new connection when the old one is lost; for statements that may run twice.
    world::Rows query_again(const std::string& sql, const std::vector<world::Value>& parameters = {});
    // The one value of a statement; nothing for NULL or no row.
    world::Value value(const std::string& sql, const std::vector<world::Value>& parameters = {});

   private:
    void reconnect();

    world::Database& database_;
    std::unique_ptr<world::Session> session_;
    conninfo::Parameters parameters_;
    std::string purpose_;
    bool unreachable_ = false;  // the last attempt to connect again failed
};

// What a server answered, as a number; 0 for NULL. Throws core::Error (08006) with the answer when it is no number: the
// other side need not be the PostgreSQL server that it claims to be.
int number(const world::Value& value);
std::uint64_t bytes(const world::Value& value);

}  // namespace tool
