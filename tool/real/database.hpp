// The seam Database over libpq.
#pragma once

#include "tool/world.hpp"

namespace real {

class LibpqDatabase : public world::Database {
   public:
    std::unique_ptr<world::Session> connect(const conninfo::Parameters& parameters, const std::string& purpose,
                                            world::Prompt prompt) override;
    bool answers(const conninfo::Parameters& parameters) override;
};

// The parameters of a connection string or URI (a dbname that holds one is expanded as psql does). Throws Failure with
// ExitCode::usage and libpq's text, which names no value.
conninfo::Parameters parse_connection_string(const std::string& text);

}  // namespace real
