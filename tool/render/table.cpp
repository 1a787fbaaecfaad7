#include "tool/render/table.hpp"

#include <algorithm>

#include "tool/render/text.hpp"

namespace render {

namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t narrowest_last_column = 20;
constexpr std::size_t note_indent = 4;

std::string padded(const std::string& text, std::size_t width) {
    const std::size_t taken = columns(text);
    std::string result = text;
    if (taken < width) result.append(width - taken, ' ');
    return result;
}

void append_line(std::string& text, std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    text.append(line).append(1, '\n');
}

void append_paragraph(std::string& text, const std::string& paragraph, std::size_t indent,
                      std::size_t width) {
    const std::size_t room = width > indent + narrowest_last_column ? width - indent : 0;
    for (const std::string& line : wrapped(paragraph, room))
        append_line(text, std::string(indent, ' ').append(line));
}

std::vector<std::size_t> natural_widths(const Table& table) {
    std::vector<std::size_t> widths;
    for (std::size_t column = 0; column < table.headings.size(); ++column) {
        std::size_t widest = columns(table.headings[column]);
        for (const TableRow& row : table.rows) widest = std::max(widest, columns(escaped(row.cells[column])));
        widths.push_back(widest);
    }
    return widths;
}

// Where the last column begins.
std::size_t last_start(const std::vector<std::size_t>& widths) {
    std::size_t start = 0;
    for (std::size_t column = 0; column + 1 < widths.size(); ++column) start += widths[column] + gap;
    return start;
}

void append_row(std::string& text, const std::vector<std::string>& cells,
                const std::vector<std::size_t>& widths, std::size_t width) {
    const std::size_t start = last_start(widths);
    std::string line;
    for (std::size_t column = 0; column + 1 < cells.size(); ++column)
        line += padded(escaped(cells[column]), widths[column] + gap);
    for (const std::string& part : wrapped(cells.back(), width > start ? width - start : 0)) {
        append_line(text, line + part);
        line = std::string(start, ' ');
    }
}

std::string blocks(const Table& table, std::size_t width) {
    std::string text;
    for (const TableRow& row : table.rows) {
        std::vector<std::pair<std::string, std::string>> pairs;
        for (std::size_t column = 0; column < row.cells.size(); ++column)
            pairs.emplace_back(table.headings[column], row.cells[column]);
        if (!text.empty()) text.append(1, '\n');
        text += facts(pairs, width);
        for (const std::string& note : row.notes) append_paragraph(text, note, note_indent, width);
    }
    return text;
}

}  // namespace

std::string facts(const std::vector<std::pair<std::string, std::string>>& facts, std::size_t width) {
    std::size_t labels = 0;
    for (const auto& fact : facts) labels = std::max(labels, columns(fact.first));
    const std::size_t start = labels + gap;
    const std::size_t room = width > start + narrowest_last_column ? width - start : 0;
    std::string text;
    for (const auto& [label, value] : facts) {
        std::string line = padded(label, start);
        for (const std::string& part : wrapped(value, room)) {
            append_line(text, line + part);
            line = std::string(start, ' ');
        }
    }
    return text;
}

std::string table(const Table& table, std::size_t width) {
    const std::vector<std::size_t> widths = natural_widths(table);
    const std::size_t last = std::min(widths.back(), narrowest_last_column);
    if (width > 0 && last_start(widths) + last > width) return blocks(table, width);
    std::string text;
    append_row(text, table.headings, widths, width);
    for (const TableRow& row : table.rows) {
        append_row(text, row.cells, widths, width);
        for (const std::string& note : row.notes) append_paragraph(text, note, note_indent, width);
    }
    return text;
}

}  // namespace render
