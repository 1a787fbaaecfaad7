#include "tool/link.hpp"

#include <fmt/format.h>

#include <charconv>

#include "core/error.hpp"

namespace tool {

namespace {

core::Error not_understood(const std::string& answer, const std::string& detail) {
    return {core::sqlstate::connection_failure, fmt::format("the server answered {}, which makes no sense", answer),
            detail.empty() ? "" : fmt::format("The question was: {}.", detail),
            "Check that a PostgreSQL server answers at this address, and no other program."};
}

// The whole text as a number of this type.
template <class Number>
Number parsed(const std::string& text) {
    Number number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stop != end)
        throw not_understood(fmt::format("\"{}\" where a number was expected", text.substr(0, 80)), "");
    return number;
}

}  // namespace

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
    reconnect();
    return session_->query(sql, parameters);
}

// Undoing asks several times; when the server cannot be reached at all, all of them together may not take long.
void Link::reconnect() {
    conninfo::Parameters again = parameters_;
    again.set("connect_timeout", unreachable_ ? "2" : "4");
    unreachable_ = true;
    session_ = database_.connect(again, purpose_, world::Prompt::never);
    unreachable_ = false;
}

world::Value Link::value(const std::string& sql, const std::vector<world::Value>& parameters) {
    const world::Rows rows = session_->query(sql, parameters);
    if (rows.rows.empty()) return {};
    if (rows.rows.front().empty()) throw not_understood("a row without columns", sql);
    return rows.rows.front().front();
}

int number(const world::Value& value) { return value ? parsed<int>(*value) : 0; }

std::uint64_t bytes(const world::Value& value) { return value ? parsed<std::uint64_t>(*value) : 0; }

}  // namespace tool
