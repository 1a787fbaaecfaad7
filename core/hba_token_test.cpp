#include "core/hba_token.hpp"

#include <gtest/gtest.h>

#include <map>

namespace {

class FakeFiles : public hba::Files {
 public:
    std::map<std::string, std::string> files;
    std::map<std::string, std::vector<std::string>> directories;

    Content read(const std::string& path) override {
        const auto found = files.find(path);
        if (found == files.end()) return {{}, "could not open file \"" + path + "\"", true};
        return {found->second, {}, false};
    }
    std::vector<std::string> configuration_files(const std::string& path, std::string& error) override {
        const auto found = directories.find(path);
        if (found == directories.end()) error = "could not open directory \"" + path + "\"";
        return found == directories.end() ? std::vector<std::string>() : found->second;
    }
};

const hba::Dialect pg13 = hba::Dialect::of(130000);
const hba::Dialect pg15 = hba::Dialect::of(150000);
const hba::Dialect pg18 = hba::Dialect::of(180000);

std::vector<hba::Line> lines_of(std::string_view content, const hba::Dialect& dialect = pg18) {
    FakeFiles none;
    return hba::tokenize("/c/pg_hba.conf", content, dialect, none);
}

// Fields in brackets, quoted tokens in quotes: [host][all,"all"]
std::string shape(const hba::Line& line) {
    std::string text;
    for (const hba::Field& field : line.fields) {
        text += '[';
        for (std::size_t i = 0; i < field.size(); ++i)
            text += (i == 0 ? "" : "|") + (field[i].quoted ? "\"" + field[i].text + "\"" : field[i].text);
        text += ']';
    }
    return text;
}

std::string first_shape(std::string_view content) {
    const auto lines = lines_of(content);
    return lines.empty() ? "nothing" : shape(lines.front());
}

}  // namespace

TEST(HbaToken, BlanksCommasAndCommentsSeparate) {
    EXPECT_EQ(first_shape("host all all 1.2.3.4/32 trust"), "[host][all][all][1.2.3.4/32][trust]");
    EXPECT_EQ(first_shape("\t host\tall \r all  # comment"), "[host][all][all]");
    EXPECT_EQ(first_shape("host a,b ,c, d e"), "[host][a|b][c|d][e]");
    EXPECT_EQ(first_shape("host a,,b,"), "[host][a|b]");
    EXPECT_EQ(first_shape("host all#x y"), "[host][all]");
    EXPECT_EQ(first_shape("# nothing"), "nothing");
    EXPECT_EQ(first_shape("  , ,\n\n"), "nothing");
    EXPECT_EQ(first_shape(""), "nothing");
}

TEST(HbaToken, QuotesKeepWhatWouldSeparateAndTakeAwayTheMeaningOfWords) {
    EXPECT_EQ(first_shape("\"a b\" \"c,d\" \"e#f\" g"), "[\"a b\"][\"c,d\"][\"e#f\"][g]");
    EXPECT_EQ(first_shape("\"\""), "[\"\"]");
    EXPECT_EQ(first_shape("\"a\"\"b\""), "[\"a\"b\"]");
    EXPECT_EQ(first_shape("\"\"\"a\""), "[\"\"a\"]");
    // only a quote before the first character counts as quoting
    EXPECT_EQ(first_shape("a\"l\"l"), "[all]");
    EXPECT_EQ(first_shape("\"a\"ll"), "[\"all\"]");
    EXPECT_EQ(first_shape("\"\"all"), "[\"all\"]");
}

TEST(HbaToken, AnOpenQuoteReachesToTheEndOfTheLineOnly) {
    const auto lines = lines_of("\"open all # x\nhost all\n");
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(shape(lines[0]), "[\"open all # x\"]");
    EXPECT_EQ(shape(lines[1]), "[host][all]");
}

TEST(HbaToken, ABackslashAtTheEndJoinsLinesFrom14On) {
    const std::string content = "host \\\nall\\\n all x\nlocal\n";
    const auto joined = lines_of(content, pg15);
    ASSERT_EQ(joined.size(), 2U);
    EXPECT_EQ(shape(joined[0]), "[host][all][all][x]");
    EXPECT_EQ(joined[0].number, 1);
    EXPECT_EQ(joined[1].number, 4);
    EXPECT_EQ(shape(lines_of(content, pg13)[0]), "[host][\\]");
    EXPECT_EQ(lines_of(content, pg13).size(), 4U);
}

TEST(HbaToken, CommentsAndQuotesGoOnOverAContinuation) {
    EXPECT_EQ(lines_of("# comment \\\nhost all\n").size(), 0U);
    EXPECT_EQ(first_shape("\"a\\\nb\" c\n"), "[\"ab\"][c]");
    EXPECT_EQ(first_shape("a \\\r\nb\r\n"), "[a][b]");
    // the second backslash stands where the first one was taken away: no continuation
    EXPECT_EQ(lines_of("a\\\\\n\nb\n").size(), 2U);
    EXPECT_EQ(lines_of("a \\\n\\\nb\n").size(), 1U);
}

TEST(HbaToken, AFileNameStandsForItsTokensUnlessQuoted) {
    FakeFiles files;
    files.files["/c/names"] = "a, b\nc # x\n\"all\"";
    files.files["/abs/list"] = "@../none";
    const auto lines = hba::tokenize("/c/pg_hba.conf", "host @names,z all\nhost \"@names\" @ x", pg15, files);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(shape(lines[0]), "[host][a|b|c|\"all\"|z][all]");
    EXPECT_EQ(shape(lines[1]), "[host][\"@names\"][@][x]");
    EXPECT_NE(hba::tokenize("/c/pg_hba.conf", "host @missing", pg15, files)[0].error, "");
    EXPECT_NE(hba::tokenize("/c/pg_hba.conf", "host @/abs/list", pg15, files)[0].error, "");
}

TEST(HbaToken, AFileThatNamesItselfIsAnErrorNotAnEndlessLoop) {
    FakeFiles files;
    files.files["/c/loop"] = "@loop";
    EXPECT_NE(hba::tokenize("/c/pg_hba.conf", "host @loop", pg18, files)[0].error.find("nesting"),
              std::string::npos);
    files.files["/c/pg_hba.conf"] = "include pg_hba.conf";
    EXPECT_NE(hba::tokenize("/c/pg_hba.conf", "include pg_hba.conf", pg18, files)[0].error.find("nesting"),
              std::string::npos);
}

TEST(HbaToken, IncludesAreFollowedFrom16On) {
    FakeFiles files;
    files.files["/c/more"] = "local x\nlocal y";
    files.files["/d/1.conf"] = "host one";
    files.files["/d/2.conf"] = "host two";
    files.directories["/d"] = {"/d/1.conf", "/d/2.conf"};
    const std::string content = "# c\ninclude more\ninclude_if_exists gone\ninclude_dir /d\nhost last";
    const auto lines = hba::tokenize("/c/pg_hba.conf", content, pg18, files);
    ASSERT_EQ(lines.size(), 5U);
    EXPECT_EQ(lines[1].file, "/c/more");
    EXPECT_EQ(lines[1].number, 2);
    EXPECT_EQ(lines[1].top_number, 2);
    EXPECT_EQ(lines[3].top_number, 4);
    EXPECT_EQ(lines[4].top_number, 5);
    EXPECT_EQ(shape(hba::tokenize("/c/pg_hba.conf", "include more", pg15, files)[0]), "[include][more]");
}

TEST(HbaToken, AMissingIncludeIsAnErrorOfItsLine) {
    FakeFiles files;
    for (const char* content : {"include gone", "include_dir gone"}) {
        const auto lines = hba::tokenize("/c/pg_hba.conf", content, pg18, files);
        ASSERT_EQ(lines.size(), 1U) << content;
        EXPECT_NE(lines[0].error, "") << content;
    }
}

TEST(HbaToken, OldLimitsAreErrors) {
    const std::string long_token(10240, 'x');
    EXPECT_NE(lines_of("host " + long_token, pg15)[0].error, "");
    EXPECT_EQ(lines_of("host " + long_token, pg18)[0].error, "");
    EXPECT_NE(lines_of("host " + std::string(9000, ' ') + "x", pg13)[0].error, "");
    EXPECT_EQ(lines_of("host " + std::string(9000, ' ') + "x", pg15)[0].error, "");
}

TEST(HbaToken, ANulByteIsAnErrorAndNotAnEnd) {
    EXPECT_NE(lines_of(std::string_view("host a\0b", 8))[0].error, "");
}

TEST(HbaToken, SurvivesAnyBytes) {
    unsigned state = 1;
    for (int round = 0; round < 3000; ++round) {
        std::string content;
        for (int i = 0; i < 40; ++i) {
            state = state * 1103515245U + 12345U;
            content += " \t\r\n\\\"#,@+/x\xff\x01"[(state >> 16) % 14];
        }
        for (const hba::Dialect& dialect : {pg13, pg15, pg18})
            for (const hba::Line& line : lines_of(content, dialect)) EXPECT_GE(line.number, 1);
    }
}

TEST(HbaToken, CommentIsFoundOutsideQuotesOnly) {
    EXPECT_EQ(hba::comment_of("host \"a#b\" c # d # e"), "# d # e");
    EXPECT_EQ(hba::comment_of("host \"a#b\""), "");
    EXPECT_EQ(hba::comment_of("#"), "#");
}
