// Connection strings and password files as libpq reads them (libpq-connect, libpq-pgpass).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conninfo {

// Keyword and value pairs in the order in which they are written; a keyword stands at most once.
class Parameters {
   public:
    Parameters() = default;
    Parameters(std::initializer_list<std::pair<std::string, std::string>> pairs) : pairs_(pairs) {}

    // Sets keyword to value, in place when it is there; an empty value removes it, as libpq treats empty as not given.
    void set(std::string_view keyword, std::string_view value);
    // The value of keyword, or an empty string.
    std::string get(std::string_view keyword) const;
    bool has(std::string_view keyword) const { return !get(keyword).empty(); }

    const std::vector<std::pair<std::string, std::string>>& pairs() const { return pairs_; }

   private:
    std::vector<std::pair<std::string, std::string>> pairs_;
};

// value in the quotes and escapes that keep it one value in a connection string.
std::string quote(std::string_view value);

// "host=a port=5432 user='a b'": what PQconninfoParse reads back to the same pairs.
std::string format(const Parameters& parameters);

// One line of a password file without its line break, ':' and '\' escaped; "*" stands for any.
std::string passfile_line(std::string_view host, std::string_view port, std::string_view database, std::string_view user,
                          std::string_view password);

}  // namespace conninfo
