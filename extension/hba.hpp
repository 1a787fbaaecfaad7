// Which line of pg_hba.conf decides about a connection.
#pragma once

#include "extension/server/function.hpp"

namespace hba {

// replica.hba_decision(role_name, address, tls, database): the decision, the line that makes it, and why the
// lines before it do not.
pg::Rows decision(const pg::Arguments& arguments);

}  // namespace hba
