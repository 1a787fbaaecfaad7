#include "core/fix.hpp"

#include <algorithm>
#include <array>

namespace fix {

namespace {

// Cuts a text at its semicolons and at the comment that ends it, outside of quotes.
class Cutter {
 public:
    explicit Cutter(std::string_view text) : text_(text) {
        for (position_ = 0; position_ < text_.size() && comment.empty(); ++position_) step(text_[position_]);
        end_statement();
    }

    std::vector<std::string> found;
    std::string_view comment;

 private:
    void step(char c) {
        if (quote_ != 0) {
            if (c == quote_) quote_ = 0;
        } else if (c == '\'' || c == '"') {
            quote_ = c;
        } else if (c == ';') {
            return end_statement();
        } else if (text_.substr(position_, 3) == "-- ") {
            comment = text_.substr(position_ + 3);
            return;
        }
        current_ += c;
    }

    void end_statement() {
        const auto first = current_.find_first_not_of(' ');
        const auto last = current_.find_last_not_of(' ');
        if (first != std::string::npos) found.push_back(current_.substr(first, last - first + 1));
        current_.clear();
    }

    std::string_view text_;
    std::size_t position_ = 0;
    char quote_ = 0;
    std::string current_;
};

bool may_run(const std::string& statement) {
    static constexpr std::array<std::string_view, 8> beginnings = {
        "ALTER SYSTEM ", "ALTER ROLE ",     "ALTER EXTENSION ", "GRANT ", "SELECT * FROM replica.create_role(",
        "SELECT * FROM replica.allow_standby(", "SELECT pg_reload_conf()", "ALTER DATABASE "};
    return std::any_of(beginnings.begin(), beginnings.end(),
                       [&statement](std::string_view start) { return statement.compare(0, start.size(), start) == 0; });
}

}  // namespace

std::vector<std::string> statements(std::string_view hint) {
    const Cutter cut(hint);
    const bool unconditional = cut.comment.empty() || cut.comment == "then restart the server";
    if (!unconditional || !std::all_of(cut.found.begin(), cut.found.end(), may_run)) return {};
    return cut.found;
}

std::string array(const std::vector<std::string>& texts) {
    std::string literal = "{";
    for (const std::string& text : texts) {
        literal += literal.size() > 1 ? ",\"" : "\"";
        for (const char c : text) {
            if (c == '"' || c == '\\') literal += '\\';
            literal += c;
        }
        literal += '"';
    }
    return literal + "}";
}

}  // namespace fix
