// One server as status saw it: what every format renders. Texts as the server sent them, unknown is nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/health.hpp"

namespace render {

using Value = std::optional<std::string>;

// The rows of one view.
struct Grid {
    std::vector<std::string> columns;
    std::vector<unsigned> types;  // OIDs of the columns' types
    std::vector<std::vector<Value>> rows;
};

// One row of a grid, read by column name; nothing for a column that is not there.
struct Record {
    const Grid& grid;
    std::size_t row;

    const Value& operator()(std::string_view column) const;
    std::string text(std::string_view column, const char* otherwise = "") const;
    // A number, of an interval its seconds; nothing for NULL and for what is no number.
    std::optional<double> number(std::string_view column) const;
    unsigned type(std::string_view column) const;
};

// The session of a standby that replay waits for. For people only: the text of a query may hold what no monitor should keep.
struct Blocker {
    std::string process, state;
    Value query;  // its beginning; nothing: this role may not see it
};

struct Server {
    std::string name;      // what leads to it, "host:port"; never a password
    std::string upstream;  // name of the server of the same answer that it streams from; empty: none of them
    Grid node, standbys, slots;
    std::optional<core::Error> error;  // why it could not be read; then the grids are empty
    health::Level error_level = health::Level::unknown;
    bool lacks_extension = false;
    std::optional<Blocker> blocker;  // when it was asked for, and there is one
};

// One thing that has a health: the server itself or one of its standbys.
struct Subject {
    enum class Kind { node, standby } kind;
    std::string name;  // of the server; of the standby its application_name or else its slot
    health::Verdict verdict;
};

// The level of a word of the views; a word that this program does not know is unknown.
health::Level level(const Value& word);

// The server first, then its standbys in the order of the view; of a server that could not be read, the one reason.
std::vector<Subject> subjects(const Server& server);

health::Level worst(const Server& server);
health::Level worst(const std::vector<Server>& servers);

// How many rows; by number as Record{grid, i}.
inline std::size_t size(const Grid& grid) { return grid.rows.size(); }

// application_name, or else the slot's name, or "-".
std::string standby_name(const Record& standby);

// 0 ok, 1 warning, 2 critical, 3 unknown: the numbers of Nagios, and the exit codes of status.
int code(health::Level level);

}  // namespace render
