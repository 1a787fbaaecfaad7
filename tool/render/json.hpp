// Results as JSON, by the types that the server gave their columns.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace render {

using Json = nlohmann::ordered_json;
using Value = std::optional<std::string>;  // nothing stands for NULL

// One value: integers and numbers as JSON numbers, booleans as true and false, arrays of text as arrays,
// intervals as seconds, timestamps as ISO 8601 strings with their offset, everything else (LSNs, addresses)
// as strings, NULL as null. A bigint beyond 2^53 - a system_identifier is one - is a string, as most readers
// of JSON would round it.
Json json_value(unsigned type, const Value& value);

// Rows as objects with the column names as keys, in their order; types are the OIDs of the columns' types.
Json json_rows(const std::vector<std::string>& columns, const std::vector<unsigned>& types,
               const std::vector<std::vector<Value>>& rows);

// Indented text that ends with a line break; bytes that are not UTF-8 become U+FFFD.
std::string json_text(const Json& json);

}  // namespace render
