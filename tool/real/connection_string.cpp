// Connection strings as libpq itself reads them.
#include <libpq-fe.h>

#include <memory>

#include "tool/failure.hpp"
#include "tool/real/database.hpp"

namespace real {

namespace {

std::string without_line_breaks(const char* text) {
    std::string result = text == nullptr ? "" : text;
    while (!result.empty() && (result.back() == '\n' || result.back() == ' ')) result.pop_back();
    return result;
}

}  // namespace

conninfo::Parameters parse_connection_string(const std::string& text) {
    char* message = nullptr;
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
        PQconninfoParse(text.c_str(), &message), &PQconninfoFree);
    const std::unique_ptr<char, decltype(&PQfreemem)> owner(message, &PQfreemem);
    if (!options)
        throw Failure(ExitCode::usage, "the connection string cannot be read", without_line_breaks(message),
                      "Write it as 'host=... port=... user=... dbname=...' or as postgresql://user@host:port/dbname.");
    conninfo::Parameters parameters;
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option)
        if (option->val != nullptr) parameters.set(option->keyword, option->val);
    return parameters;
}

}  // namespace real
