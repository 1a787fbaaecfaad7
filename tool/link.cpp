#include "tool/link.hpp"

#include "core/error.hpp"

namespace tool {

Link::Link(world::Database& database, std::unique_ptr<world::Session> session, std::string purpose)
    : database_(database), session_(std::move(session)), parameters_(session_->parameters()), purpose_(std::move(purpose)) {
    parameters_.set("password", session_->password());
}

world::Rows Link::query_again(const std::string& sql, const std::vector<world::Value>& parameters) {
    try {
        return session_->query(sql, parameters);
    } catch (const core::Error& error) {
        if (error.sqlstate.substr(0, 2) != "08" && error.sqlstate.substr(0, 3) != "57P") throw;
    }
    session_ = database_.connect(parameters_, purpose_, world::Prompt::never);
    return session_->query(sql, parameters);
}

world::Value Link::value(const std::string& sql, const std::vector<world::Value>& parameters) {
    const world::Rows rows = session_->query(sql, parameters);
    return rows.rows.empty() ? world::Value{} : rows.rows.front().front();
}

}  // namespace tool
