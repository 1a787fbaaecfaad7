#include "tool/world.hpp"

#include <stdexcept>

const world::Value& world::Rows::at(std::size_t row, const std::string& column) const {
    for (std::size_t i = 0; i < columns.size(); ++i)
        if (columns[i] == column) return rows.at(row).at(i);
    throw std::out_of_range("no column " + column);
}
