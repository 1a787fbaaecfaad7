#include "tool/slot_report.hpp"

#include <fmt/format.h>

#include "tool/render/progress.hpp"
#include "tool/render/table.hpp"

namespace slot_report {

namespace {

std::string pretty(const std::optional<double>& bytes, const char* otherwise) {
    return bytes && *bytes >= 0 ? render::bytes(static_cast<std::uint64_t>(*bytes)) : otherwise;
}

render::TableRow row_of(const render::Record& slot) {
    render::TableRow row{{slot.text("slot_name", "-"), slot.text("slot_type", "-"), slot.text("used_by", "unknown"),
                          slot.text("wal_status", "-"), pretty(slot.number("retained_bytes"), "-"),
                          pretty(slot.number("safe_wal_size"), "no bound"), slot.text("time_to_full", "unknown")},
                         {}};
    if (slot("invalidation_reason")) row.notes.push_back("unusable: " + *slot("invalidation_reason"));
    return row;
}

}  // namespace

std::string text(const render::Grid& slots, std::size_t width) {
    if (slots.rows.empty()) return "no replication slots\n";
    render::Table table{{"slot", "type", "used by", "WAL", "keeps", "safe for", "full in"}, {}};
    for (std::size_t i = 0; i < size(slots); ++i) table.rows.push_back(row_of({slots, i}));
    return render::table(table, width);
}

}  // namespace slot_report
