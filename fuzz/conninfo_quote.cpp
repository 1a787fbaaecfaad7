// Connection strings, read back by libpq itself, and lines of a password file. Input: values separated by 0x1E.
#include <libpq-fe.h>

#include <array>
#include <map>
#include <memory>

#include "core/conninfo.hpp"
#include "fuzz/target.hpp"

namespace fuzz {

namespace {

std::map<std::string, std::string> as_libpq_reads(const std::string& text) {
    char* error = nullptr;
    const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(
        PQconninfoParse(text.c_str(), &error), PQconninfoFree);
    if (error != nullptr) std::fprintf(stderr, "%s", error);
    holds(options != nullptr, "libpq takes the connection string");
    std::map<std::string, std::string> values;
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option)
        if (option->val != nullptr && *option->val != '\0') values[option->keyword] = option->val;
    return values;
}

// The fields of a line as passwordFromFile in fe-connect.c cuts them.
std::vector<std::string> fields_of(const std::string& line) {
    std::vector<std::string> fields(1);
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == ':' && fields.size() < 5) {
            fields.emplace_back();
            continue;
        }
        if (line[i] == '\\' && i + 1 < line.size()) ++i;
        fields.back() += line[i];
    }
    return fields;
}

}  // namespace

void conninfo_quote(std::string_view bytes) {
    static constexpr std::array<const char*, 5> keywords = {"host", "port", "dbname", "user", "password"};
    Input input(bytes);
    conninfo::Parameters parameters;
    std::map<std::string, std::string> wanted;
    std::vector<std::string> values;
    for (const char* keyword : keywords) {
        std::string value = input.part();
        value = value.substr(0, value.find('\0'));  // libpq takes C strings
        parameters.set(keyword, value);
        if (!value.empty()) wanted[keyword] = value;
        values.push_back(value);
    }
    holds(as_libpq_reads(conninfo::format(parameters)) == wanted, "libpq reads back what was written");
    const std::string line = conninfo::passfile_line(values[0], values[1], values[2], values[3], values[4]);
    holds(fields_of(line) == values, "the fields of a password file are read back");
}

}  // namespace fuzz
