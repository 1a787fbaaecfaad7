// The seam Database over libpq.
#pragma once

#include <chrono>

#include "tool/world.hpp"

namespace real {

// The error of a connection to a server that is there and turns it away, or that libpq did not even try.
inline constexpr const char* connection_rejected = "08004";

// How a connection is made.
struct Manners {
    // A statement of this tool that has no answer after this time is on a dead link: a step that has to wait polls.
    std::chrono::seconds answer_limit{120};
    // Find out by a second try, when a connection fails at once, whether a server is there, or was asked at all: the error is
    // then connection_rejected instead of connection_failure.
    bool tell_rejection = false;
};

class LibpqDatabase : public world::Database {
   public:
    LibpqDatabase() = default;
    explicit LibpqDatabase(const Manners& manners) : manners_(manners) {}
    std::unique_ptr<world::Session> connect(const conninfo::Parameters& parameters, const std::string& purpose,
                                            world::Prompt prompt) override;
    bool answers(const conninfo::Parameters& parameters) override;

   private:
    Manners manners_;
};

// The parameters of a connection string or URI (a dbname that holds one is expanded as psql does). Throws Failure with
// ExitCode::usage and libpq's text, which names no value.
conninfo::Parameters parse_connection_string(const std::string& text);

}  // namespace real
