// The marks of unfinished work: small files of "name = 'value'" below a line for people. A mark is a struct M whose fields
// visit_fields(m, visitor) hands to visitor(name, field), in the order of the file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/conf.hpp"
#include "core/error.hpp"
#include "core/lsn.hpp"
#include "tool/world.hpp"

namespace mark {

// How a field of a type of its own is written: overloads of these two, in the namespace of the type.
inline std::string to_text(const std::string& value) { return value; }
inline std::string to_text(bool value) { return value ? "true" : "false"; }
inline std::string to_text(std::uint64_t position) { return lsn::format(position); }
inline void from_text(const std::string& text, std::string& value) { value = text; }
inline void from_text(const std::string& text, bool& value) { value = text == "true"; }
inline void from_text(const std::string& text, std::uint64_t& position) { position = lsn::parse(text).value_or(0); }

class Writer {
   public:
    explicit Writer(std::string first_line) : text_(std::move(first_line)) {}

    template <class Field>
    void operator()(const char* name, const Field& field) {
        text_ += conf::line({name, to_text(field)});
    }
    template <class Field>
    void operator()(const char* name, const std::vector<Field>& fields) {
        for (const Field& field : fields) (*this)(name, field);
    }
    const std::string& text() const { return text_; }

   private:
    std::string text_;
};

class Reader {
   public:
    explicit Reader(const conf::Line& line) : line_(line) {}

    template <class Field>
    void operator()(const char* name, Field& field) {
        if (line_.name == name) from_text(line_.value, field);
    }
    template <class Field>
    void operator()(const char* name, std::vector<Field>& fields) {
        if (line_.name == name) from_text(line_.value, fields.emplace_back());
    }

   private:
    const conf::Line& line_;
};

template <class Mark>
std::string written(const std::string& first_line, const Mark& given) {
    Writer writer(first_line);
    visit_fields(given, writer);
    return writer.text();
}

template <class Mark>
void write(world::Files& files, const std::string& path, const std::string& first_line, const Mark& given) {
    files.write(path, written(first_line, given), 0600);
}

// Nothing unless the file is private, ours, and exactly what write() would write: a log or an export that happens to hold such
// lines is no mark.
template <class Mark>
std::optional<Mark> read(world::Files& files, const std::string& path, const std::string& first_line) {
    const auto text = files.read_private(path);
    if (!text) return {};
    try {
        Mark found;
        for (const conf::Line& line : conf::parse(*text)) {
            Reader reader(line);
            visit_fields(found, reader);
        }
        if (written(first_line, found) == *text) return found;
    } catch (const core::Error&) {
        // control characters, which are never written
    }
    return {};
}

}  // namespace mark
