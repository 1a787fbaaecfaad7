#include "tool/render/json.hpp"

#include <charconv>
#include <cmath>
#include <locale>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string_view>

namespace render {

namespace {

// pg_type.dat, oid of the types that are not simply strings
enum Type : unsigned {
    type_bool = 16,
    type_int8 = 20,
    type_int2 = 21,
    type_int4 = 23,
    type_oid = 26,
    type_float4 = 700,
    type_float8 = 701,
    type_name_array = 1003,
    type_text_array = 1009,
    type_timestamptz = 1184,
    type_interval = 1186,
    type_numeric = 1700,
};

constexpr std::int64_t largest_safe_integer = 9007199254740991;  // 2^53 - 1

// By a stream: std::from_chars of GCC 10, the compiler beside PostgreSQL 13 on Debian bullseye, knows no floating point.
std::optional<double> number(std::string_view text) {
    std::istringstream stream{std::string(text)};
    stream.imbue(std::locale::classic());
    double value = 0;
    if (!(stream >> std::noskipws >> value) || stream.peek() != std::char_traits<char>::eof()) return std::nullopt;
    return value;
}

Json integer(const std::string& text) {
    std::int64_t number = 0;
    const char* const last = text.data() + text.size();
    const auto [end, failure] = std::from_chars(text.data(), last, number);
    if (failure != std::errc{} || end != last) return text;
    if (number > largest_safe_integer || number < -largest_safe_integer) return text;
    return number;
}

// NaN and infinity have no number in JSON.
Json real(const std::string& text) {
    const auto value = number(text);
    return value && std::isfinite(*value) ? Json(*value) : Json(text);
}

// "00:00:01.5" or "-00:00:01.5", hours unlimited.
std::optional<double> clock_seconds(std::string_view text) {
    const bool negative = !text.empty() && text[0] == '-';
    if (negative) text.remove_prefix(1);
    const std::size_t first = text.find(':'), second = text.find(':', first + 1);
    if (second == std::string_view::npos) return std::nullopt;
    const auto hours = number(text.substr(0, first));
    const auto minutes = number(text.substr(first + 1, second - first - 1));
    const auto seconds = number(text.substr(second + 1));
    if (!hours || !minutes || !seconds) return std::nullopt;
    const double sum = *hours * 3600 + *minutes * 60 + *seconds;
    return negative ? -sum : sum;
}

// "2 days 03:04:05.6", "1 day", "03:04:05.6"; months have no fixed length and stay text.
Json interval(const std::string& text) {
    const std::size_t space = text.find(" day");
    if (space == std::string::npos) {
        const auto seconds = clock_seconds(text);
        return seconds ? Json(*seconds) : Json(text);
    }
    const auto days = number(std::string_view(text).substr(0, space));
    const std::size_t clock = text.find(' ', space + 1);
    const auto rest =
        clock == std::string::npos ? 0.0 : clock_seconds(std::string_view(text).substr(clock + 1));
    return days && rest ? Json(*days * 86400 + *rest) : Json(text);
}

// "2026-11-23 16:26:49.12+00" -> "2026-11-23T16:26:49.12+00:00"; infinity stays.
Json timestamp(std::string text) {
    const std::size_t space = text.find(' ');
    if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos) return text;
    text[space] = 'T';
    const std::size_t offset = text.find_last_of("+-");
    if (offset > space && text.size() - offset == 3) text += ":00";
    return text;
}

// The output of array_out for one dimension: {a,"b,c",NULL} (arrays, "Array Input and Output Syntax").
Json array(const std::string& text) {
    Json result = Json::array();
    std::string item;
    bool quoted = false, was_quoted = false;
    const auto finish = [&] {
        if (!was_quoted && item == "NULL")
            result.push_back(nullptr);
        else if (was_quoted || !item.empty())
            result.push_back(item);
        item.clear();
        was_quoted = false;
    };
    if (text.size() < 2 || text.front() != '{') return text;
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
        const char c = text[i];
        if (c == '\\')
            item += text[++i];
        else if (c == '"')
            was_quoted = true, quoted = !quoted;
        else if (c == ',' && !quoted)
            finish();
        else
            item += c;
    }
    finish();
    return result;
}

}  // namespace

Json json_value(unsigned type, const Value& value) {
    if (!value) return nullptr;
    switch (type) {
        case type_bool:
            return *value == "t";
        case type_int2:
        case type_int4:
        case type_int8:
        case type_oid:
            return integer(*value);
        case type_float4:
        case type_float8:
        case type_numeric:
            return real(*value);
        case type_interval:
            return interval(*value);
        case type_timestamptz:
            return timestamp(*value);
        case type_name_array:
        case type_text_array:
            return array(*value);
        default:
            return *value;
    }
}

Json json_rows(const std::vector<std::string>& columns, const std::vector<unsigned>& types,
               const std::vector<std::vector<Value>>& rows) {
    Json result = Json::array();
    for (const auto& row : rows) {
        Json object = Json::object();
        for (std::size_t column = 0; column < columns.size(); ++column)
            object[columns[column]] = json_value(types.at(column), row[column]);
        result.push_back(std::move(object));
    }
    return result;
}

std::string json_text(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace render
