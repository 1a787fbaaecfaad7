#include "tool/sync_report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tool/render/json.hpp"
#include "tool/render/table.hpp"

namespace sync_report {

namespace {

std::string cell(const world::Rows& rows, std::size_t row, const char* column) {
    const std::string text = rows.at(row, column).value_or("");
    return text.empty() ? "-" : text;
}

bool is(const world::Rows& rows, std::size_t row, const char* column) { return rows.at(row, column) == "t"; }

std::string summary(const world::Rows& rows) {
    const std::string required = rows.at(0, "required").value_or("0");
    if (required == "0") return "wait for no standby";
    return fmt::format("{} for {} {} of those named; {} can confirm now", is(rows, 0, "commits_wait") ? "hang: they wait" : "wait",
                       rows.at(0, "method") == "ANY" ? "any" : "the first", required, cell(rows, 0, "confirming"));
}

render::TableRow table_row(const world::Rows& rows, std::size_t row) {
    return {{is(rows, row, "can_confirm") ? "yes" : "no", cell(rows, row, "standby_name"), cell(rows, row, "priority"),
             cell(rows, row, "state"), cell(rows, row, "sync_state"), rows.at(row, "note").value_or("")},
            {}};
}

std::string shown(const std::string& setting) { return setting.empty() ? "nobody" : setting; }

}  // namespace

std::string text(const world::Rows& standbys, std::size_t width) {
    if (standbys.rows.empty()) return {};
    const std::string head = render::facts({{"commits", summary(standbys)}}, width);
    if (!standbys.at(0, "standby_name")) return head + "\nno standby is named, and none is connected\n";
    render::Table table{{"confirms", "standby", "priority", "state", "sync", "note"}, {}};
    for (std::size_t i = 0; i < standbys.rows.size(); ++i) table.rows.push_back(table_row(standbys, i));
    return head + "\n" + render::table(table, width);
}

std::string change(const world::Rows& change, std::size_t width) {
    if (change.rows.empty()) return {};
    return render::facts({{"before", shown(change.at(0, "before").value_or(""))},
                          {"asked", shown(change.at(0, "asked").value_or(""))},
                          {"in effect", shown(change.at(0, "in_effect").value_or(""))},
                          {"changed", is(change, 0, "changed") ? "yes" : "no, it was so already"},
                          {"effect", change.at(0, "note").value_or("")}},
                         width);
}

std::string json(const char* key, const world::Rows& rows) {
    return render::json_text({{"schema_version", 1}, {key, render::json_rows(rows.columns, rows.types, rows.rows)}});
}

ExitCode verdict(const world::Rows& rows) {
    return !rows.rows.empty() && is(rows, 0, "commits_wait") ? ExitCode::precondition : ExitCode::ok;
}

}  // namespace sync_report
