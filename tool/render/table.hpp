// A plain table for people: aligned, escaped, and no wider than the terminal as long as words allow it.
#pragma once

#include <string>
#include <vector>

namespace render {

struct TableRow {
    std::vector<std::string> cells;  // as many as there are headings
    std::vector<std::string> notes;  // paragraphs below the row, indented
};

struct Table {
    std::vector<std::string> headings;
    std::vector<TableRow> rows;
};

// width in columns, 0 = unlimited. The last column is wrapped to the width. Where a table cannot be fitted,
// each row becomes a block with one line per cell. Every line ends with a line break and without trailing
// spaces.
std::string table(const Table& table, std::size_t width);

// "label   value" lines with the labels aligned; the values are wrapped.
std::string facts(const std::vector<std::pair<std::string, std::string>>& facts, std::size_t width);

}  // namespace render
