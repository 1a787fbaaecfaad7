#include "tool/check_report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tool/render/json.hpp"
#include "tool/render/table.hpp"

namespace check_report {

namespace {

struct Counts {
    std::size_t ok = 0, warnings = 0, errors = 0;
};

Counts count(const world::Rows& checks) {
    Counts counts;
    for (std::size_t i = 0; i < checks.rows.size(); ++i) {
        const world::Value& status = checks.at(i, "status");
        ++(status == "ok" ? counts.ok : status == "warning" ? counts.warnings : counts.errors);
    }
    return counts;
}

std::string counted(std::size_t number, const char* what) {
    return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

render::TableRow table_row(const world::Rows& checks, std::size_t row) {
    const world::Value &status = checks.at(row, "status"), &hint = checks.at(row, "hint");
    render::TableRow result{{status.value_or("unknown"), checks.at(row, "name").value_or(""),
                             checks.at(row, "detail").value_or("")},
                            {}};
    if (status != "ok" && hint && !hint->empty()) result.notes.push_back(*hint);
    return result;
}

}  // namespace

std::string text(const world::Rows& checks, std::size_t width) {
    render::Table table{{"status", "check", "detail"}, {}};
    for (std::size_t i = 0; i < checks.rows.size(); ++i) table.rows.push_back(table_row(checks, i));
    const Counts counts = count(checks);
    return fmt::format("{}\n{}: {} ok, {}, {}\n", render::table(table, width),
                       counted(checks.rows.size(), "check"), counts.ok, counted(counts.warnings, "warning"),
                       counted(counts.errors, "error"));
}

std::string json(const world::Rows& checks) {
    return render::json_text(
        {{"schema_version", 1}, {"checks", render::json_rows(checks.columns, checks.types, checks.rows)}});
}

ExitCode verdict(const world::Rows& checks) {
    return count(checks).errors == 0 ? ExitCode::ok : ExitCode::precondition;
}

}  // namespace check_report
