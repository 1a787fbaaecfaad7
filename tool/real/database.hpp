// The seam Database over libpq.
#pragma once

#include "tool/world.hpp"

namespace real {

class LibpqDatabase : public world::Database {
   public:
    std::unique_ptr<world::Session> connect(const conninfo::Parameters& parameters, const std::string& purpose,
                                            world::Prompt prompt) override;
};

// The parameters of a connection string or URI (a dbname that holds one is expanded as psql does). Throws Failure with
// ExitCode::usage and libpq's text, which names no value.
conninfo::Parameters parse_connection_string(const std::string& text);

// Drops the PG* variables that name a server or a login. Called once the first connection stands, whose parameters then
// hold all of them: no later connection, to the standby for one, can be led elsewhere. PGPASSFILE and PGSSL* stay.
void forget_environment();

}  // namespace real
