#include "tool/render/server.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tool/render/json.hpp"

namespace render {

namespace {

std::optional<std::size_t> position(const Grid& grid, std::string_view column) {
    const auto found = std::find(grid.columns.begin(), grid.columns.end(), column);
    if (found == grid.columns.end()) return std::nullopt;
    return static_cast<std::size_t>(found - grid.columns.begin());
}

health::Verdict verdict(const Record& record) { return {level(record("health")), record.text("reason")}; }

// A reason is one line; libpq says what it tried in several.
std::string failure_text(const core::Error& error) {
    std::string text = error.detail.empty() ? error.message : error.message + ": " + error.detail;
    for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at)) text.replace(at, 1, "; ");
    return text;
}

}  // namespace

const Value& Record::operator()(std::string_view column) const {
    static const Value nothing;
    const auto at = position(grid, column);
    return at ? grid.rows.at(row).at(*at) : nothing;
}

std::string Record::text(std::string_view column, const char* otherwise) const {
    return (*this)(column).value_or(otherwise);
}

unsigned Record::type(std::string_view column) const {
    const auto at = position(grid, column);
    return at ? grid.types.at(*at) : 0;
}

std::optional<double> Record::number(std::string_view column) const {
    const Json value = json_value(type(column), (*this)(column));
    if (!value.is_number()) return std::nullopt;
    return value.get<double>();
}

health::Level level(const Value& word) {
    for (const auto known : {health::Level::ok, health::Level::warning, health::Level::critical})
        if (word == std::string(health::text(known))) return known;
    return health::Level::unknown;
}

std::string standby_name(const Record& standby) {
    const Value& name = standby("application_name");
    return name && !name->empty() ? *name : standby.text("slot_name", "-");
}

std::vector<Subject> subjects(const Server& server) {
    if (server.error)
        return {{Subject::Kind::node, server.name, {server.error_level, failure_text(*server.error)}}};
    std::vector<Subject> result;
    if (size(server.node) == 0) result.push_back({Subject::Kind::node, server.name, {health::Level::unknown, "it says nothing of itself"}});
    for (std::size_t i = 0; i < size(server.node); ++i)
        result.push_back({Subject::Kind::node, server.name, verdict({server.node, i})});
    for (std::size_t i = 0; i < size(server.standbys); ++i) {
        const Record standby{server.standbys, i};
        result.push_back({Subject::Kind::standby, standby_name(standby), verdict(standby)});
    }
    return result;
}

health::Level worst(const Server& server) {
    auto worst = health::Level::ok;
    for (const Subject& subject : subjects(server)) worst = std::max(worst, subject.verdict.level);
    return worst;
}

health::Level worst(const std::vector<Server>& servers) {
    auto worst = health::Level::ok;
    for (const Server& server : servers) worst = std::max(worst, render::worst(server));
    return worst;
}

int code(health::Level level) {
    static constexpr int codes[] = {0, 1, 3, 2};  // in the order of health::Level
    return codes[static_cast<std::size_t>(level)];
}

}  // namespace render
