#include "core/hba_token.hpp"

#include <fmt/format.h>

#include <optional>

namespace hba {

namespace {

constexpr int deepest_nesting = 10;  // CONF_FILE_MAX_DEPTH

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

// Cuts one line into tokens.
class Cutter {
 public:
    explicit Cutter(const std::string& line) : line_(line) {}

    bool at_end() const { return at_ >= line_.size(); }
    bool comma_follows() const { return comma_follows_; }
    std::size_t comment() const { return comment_; }

    // The next token of the line; nothing when there is none.
    std::optional<Token> next() {
        comma_follows_ = false;
        while (!at_end() && (is_blank(line_[at_]) || line_[at_] == ',')) ++at_;
        Token token;
        bool saw_quote = false;
        bool in_quote = false;
        bool was_quote = false;
        for (; !at_end() && (!is_blank(line_[at_]) || in_quote); ++at_) {
            const char c = line_[at_];
            if (c == '#' && !in_quote) {
                comment_ = at_;
                at_ = line_.size();
                break;
            }
            if (c == ',' && !in_quote) {
                comma_follows_ = true;
                break;
            }
            if (c != '"' || was_quote) token.text += c;
            // two quotes inside quotes stand for one
            was_quote = in_quote && c == '"' ? !was_quote : false;
            if (c != '"') continue;
            in_quote = !in_quote;
            saw_quote = true;
            if (token.text.empty()) token.quoted = true;
        }
        if (!saw_quote && token.text.empty()) return std::nullopt;
        return token;
    }

 private:
    const std::string& line_;
    std::size_t at_ = 0;
    std::size_t comment_ = std::string::npos;
    bool comma_follows_ = false;
};

// Reads files and what they include into one list of lines.
class Reader {
 public:
    Reader(const Dialect& dialect, Files& files) : dialect_(dialect), files_(files) {}

    std::vector<Line> lines(const std::string& path, std::string_view content, int depth, int top) {
        std::vector<Line> result;
        if (content.find('\0') != std::string_view::npos) {
            result.push_back(broken(path, 1, top, fmt::format("file \"{}\" contains a NUL byte", path)));
            return result;
        }
        for (const RawLine& raw : split_lines(content, dialect_)) {
            Line line{path, raw.number, top == 0 ? raw.number : top, raw.text, {}, {}};
            cut(line, depth);
            if (line.fields.empty() && line.error.empty()) continue;
            if (!include(line, depth, result)) result.push_back(std::move(line));
        }
        return result;
    }

 private:
    static Line broken(const std::string& path, int number, int top, std::string error) {
        return {path, number, top == 0 ? number : top, {}, {}, std::move(error)};
    }

    void cut(Line& line, int depth) {
        if (dialect_.longest_line != 0 && line.text.size() + 1 >= dialect_.longest_line) {
            line.error = "authentication file line too long";
            return;
        }
        Cutter cutter(line.text);
        while (!cutter.at_end() && line.error.empty()) {
            Field field = next_field(cutter, line, depth);
            if (!field.empty()) line.fields.push_back(std::move(field));
        }
    }

    // The tokens up to the next one that no comma follows; a file named with @ stands for all its tokens.
    Field next_field(Cutter& cutter, Line& line, int depth) {
        Field field;
        do {
            std::optional<Token> token = cutter.next();
            if (!token) break;
            if (dialect_.longest_token != 0 && token->text.size() >= dialect_.longest_token)
                line.error = "authentication file token too long";
            else if (!token->quoted && token->text.size() > 1 && token->text[0] == '@')
                expand(token->text.substr(1), line, depth, field);
            else
                field.push_back(*std::move(token));
        } while (cutter.comma_follows() && line.error.empty());
        return field;
    }

    void expand(const std::string& name, Line& line, int depth, Field& field) {
        const std::string path = resolve(line.file, name);
        const Files::Content content = read(path, depth + 1);
        line.error = content.error;
        if (!line.error.empty()) return;
        for (Line& inner : lines(path, content.text, depth + 1, line.top_number)) {
            line.error = inner.error;
            if (!line.error.empty()) return;
            for (Field& values : inner.fields) field.insert(field.end(), values.begin(), values.end());
        }
    }

    Files::Content read(const std::string& path, int depth) {
        if (depth > deepest_nesting)
            return {
                {}, fmt::format("could not open file \"{}\": maximum nesting depth exceeded", path), false};
        return files_.read(path);
    }

    // True when the line was an include directive that could be followed; its lines are then in result.
    bool include(Line& line, int depth, std::vector<Line>& result) {
        if (!dialect_.includes || !line.error.empty() || line.fields.size() != 2) return false;
        const std::string& directive = line.fields[0][0].text;
        const std::string& target = line.fields[1][0].text;
        if (directive == "include") return include_file(line, target, false, depth, result);
        if (directive == "include_if_exists") return include_file(line, target, true, depth, result);
        if (directive == "include_dir") return include_directory(line, target, depth, result);
        return false;
    }

    bool include_file(Line& line, const std::string& name, bool may_miss, int depth,
                      std::vector<Line>& result) {
        const std::string path = resolve(line.file, name);
        const Files::Content content = read(path, depth + 1);
        if (content.missing && may_miss) return true;
        if (!content.error.empty()) {
            line.error += (line.error.empty() ? "" : "\n") + content.error;
            return false;
        }
        for (Line& inner : lines(path, content.text, depth + 1, line.top_number))
            result.push_back(std::move(inner));
        return true;
    }

    bool include_directory(Line& line, const std::string& name, int depth, std::vector<Line>& result) {
        const auto paths = files_.configuration_files(resolve(line.file, name), line.error);
        if (!line.error.empty()) return false;
        for (const std::string& path : paths) include_file(line, path, false, depth, result);
        return line.error.empty();
    }

    const Dialect& dialect_;
    Files& files_;
};

void strip_line_end(std::string& text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
}

}  // namespace

Dialect Dialect::of(int server_version) {
    Dialect dialect;
    dialect.continuations = server_version >= 140000;
    dialect.includes = server_version >= 160000;
    dialect.longest_line = server_version < 140000 ? 8191 : 0;
    dialect.longest_token = server_version < 170000 ? 10240 : 0;
    return dialect;
}

std::vector<Line> tokenize(const std::string& path, std::string_view content, const Dialect& dialect,
                           Files& files) {
    return Reader(dialect, files).lines(path, content, 0, 0);
}

std::string resolve(const std::string& including_file, const std::string& path) {
    if (!path.empty() && path.front() == '/') return path;
    const auto slash = including_file.rfind('/');
    return slash == std::string::npos ? path : including_file.substr(0, slash + 1) + path;
}

std::vector<RawLine> split_lines(std::string_view content, const Dialect& dialect) {
    std::vector<RawLine> lines;
    int number = 1;
    for (std::size_t at = 0; at < content.size();) {
        RawLine line{number, at, at, {}, false};
        std::size_t joined = 0;  // a second backslash counts only behind the place of the last one
        do {
            const std::size_t newline = content.find('\n', at);
            const std::size_t end = newline == std::string_view::npos ? content.size() : newline + 1;
            line.text.append(content.substr(at, end - at));
            at = line.end = end;
            ++number;
            strip_line_end(line.text);
            line.open = dialect.continuations && line.text.size() > joined && line.text.back() == '\\';
            if (!line.open) break;
            line.text.pop_back();
            joined = line.text.size();
        } while (at < content.size());
        lines.push_back(std::move(line));
    }
    return lines;
}

std::string comment_of(const std::string& line) {
    Cutter cutter(line);
    while (!cutter.at_end()) cutter.next();
    return cutter.comment() == std::string::npos ? std::string() : line.substr(cutter.comment());
}

}  // namespace hba
