// What a SQL function gets and gives, as plain C++: arguments by position, rows of texts. Types are converted by the
// server's own input and output functions, so that a column's SQL type is declared once, in the SQL script.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct FunctionCallInfoBaseData;

namespace pg {

using Value = std::optional<std::string>;  // nothing stands for SQL NULL
using Row = std::vector<Value>;

struct Rows {
    std::vector<Row> rows;
};

// The arguments of one call, counted from 0.
class Arguments {
   public:
    explicit Arguments(FunctionCallInfoBaseData* fcinfo) : fcinfo_(fcinfo) {}

    // The argument as the text that its type's output function prints; nothing for NULL.
    Value text(int position) const;
    // As text; throws core::Error (22004) that names the argument when it is NULL.
    std::string required(int position, const char* name) const;
    // An integer argument (int2, int4 or int8); nothing for NULL.
    std::optional<std::int64_t> integer(int position) const;
    // A bytea argument, not copied: it lives as long as the call. Throws like required.
    std::string_view required_bytes(int position, const char* name) const;
    // A boolean argument; otherwise when NULL.
    bool boolean(int position, bool otherwise) const;

   private:
    FunctionCallInfoBaseData* fcinfo_;
};

// "t" or "f", as the boolean type reads it.
inline Value boolean(bool value) { return value ? "t" : "f"; }

// Hands rows to the executor, one by one, as the result of a set-returning function (materialize mode, xfunc-c). They are
// kept in work_mem, and beyond it on disk.
class RowWriter {
   public:
    // Throws core::Error (0A000) where the caller takes no rows.
    explicit RowWriter(FunctionCallInfoBaseData* fcinfo);
    void put(const Row& row);

    struct Sink;  // plain data in the memory of the call

   private:
    Sink* sink_;
    std::vector<char*> texts_;
};

void return_rows(FunctionCallInfoBaseData* fcinfo, const Rows& rows);

// The text that the bytea type reads these bytes from.
std::string bytea_text(std::string_view bytes);

// A bytea Datum with a copy of bytes.
unsigned long bytes_datum(const std::string& bytes);

}  // namespace pg
