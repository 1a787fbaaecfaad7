// The tokens of pg_hba.conf, cut as the server cuts them (auth-pg-hba-conf; the rules are those of hba.c).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hba {

// What a major version's reader knows.
struct Dialect {
    bool continuations = true;      // a backslash at the end joins lines (14)
    bool includes = true;           // include, include_if_exists, include_dir and regular expressions (16)
    std::size_t longest_line = 0;   // bytes, line end included; 0 = no limit (13 had one)
    std::size_t longest_token = 0;  // bytes; 0 = no limit (17)

    // For a number as server_version_num gives it.
    static Dialect of(int server_version);
};

// One value. A value that begins with a quote is never a keyword, a group or a file name.
struct Token {
    std::string text;
    bool quoted = false;

    bool is_keyword(std::string_view keyword) const { return !quoted && text == keyword; }
    bool operator==(const Token&) const = default;
};

using Field = std::vector<Token>;

// One logical line that holds something other than a comment.
struct Line {
    std::string file;    // where it stands
    int number = 0;      // its first physical line there, from 1
    int top_number = 0;  // the line of the main file that it comes from: its own, or that of the include
    std::string text;    // without line end, continuations joined
    std::vector<Field> fields;
    std::string error;  // not empty: the server refuses the whole configuration
};

// What the reader needs of the file system.
class Files {
 public:
    struct Content {
        std::string text;
        std::string error;     // not empty: could not be read
        bool missing = false;  // the error is that it does not exist
    };

    virtual ~Files() = default;
    virtual Content read(const std::string& path) = 0;
    // Full paths of the files in a directory that include_dir takes (*.conf, not hidden, by name); error as
    // above.
    virtual std::vector<std::string> configuration_files(const std::string& directory,
                                                         std::string& error) = 0;
};

// The logical lines of the file, with what it includes in place. Never throws for its content: errors stand
// in lines.
std::vector<Line> tokenize(const std::string& path, std::string_view content, const Dialect& dialect,
                           Files& files);

// Where text would end up when its directives are followed: a relative path belongs to the including file's
// directory.
std::string resolve(const std::string& including_file, const std::string& path);

// One physical or continued line of a file, before it is cut into tokens.
struct RawLine {
    int number = 0;         // first physical line, from 1
    std::size_t begin = 0;  // offsets in the content: the physical lines with their line ends
    std::size_t end = 0;
    std::string text;   // without line end, continuations joined
    bool open = false;  // ends with a continuation that no line follows
};

std::vector<RawLine> split_lines(std::string_view content, const Dialect& dialect);

// The comment of a line, from its '#' on; empty when it has none.
std::string comment_of(const std::string& line);

}  // namespace hba
