#include "extension/server/query.hpp"

#include "extension/server/postgres.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
}

#include <map>
#include <string>

#include "core/error.hpp"
#include "extension/server/boundary.hpp"

namespace pg {

namespace {

// Parameters in the form that SPI wants; the vectors own the memory so that a server error leaks nothing.
struct Parameters {
    std::vector<Oid> types;
    std::vector<Datum> values;
    std::vector<char> nulls;

    explicit Parameters(const std::vector<Value>& given)
        : types(given.size(), TEXTOID), values(given.size()), nulls(given.size(), 'n') {
        for (std::size_t i = 0; i < given.size(); ++i) {
            if (!given[i]) continue;
            nulls[i] = ' ';
            const std::string& text = *given[i];
            values[i] = call([&text] { return CStringGetTextDatum(text.c_str()); });
        }
    }
};

void fetch_row(std::uint64_t number, std::vector<const char*>& cells) {
    call([number, &cells] {
        for (std::size_t column = 0; column < cells.size(); ++column)
            cells[column] = SPI_getvalue(SPI_tuptable->vals[number], SPI_tuptable->tupdesc,
                                         static_cast<int>(column) + 1);
    });
}

Rows fetch_all() {
    Rows result;
    if (SPI_tuptable == nullptr) return result;
    std::vector<const char*> cells(SPI_tuptable->tupdesc->natts);
    for (std::uint64_t number = 0; number < SPI_processed; ++number) {
        fetch_row(number, cells);
        Row& row = result.rows.emplace_back();
        for (const char* cell : cells) row.push_back(cell ? Value(cell) : std::nullopt);
    }
    return result;
}

Rows finish(int code) {
    if (code < 0)
        throw core::Error(core::sqlstate::internal_error, "a statement of pg_replica could not be run",
                          std::string("The server interface answered ") + SPI_result_code_string(code) + ".");
    Rows result = fetch_all();
    call([] { SPI_finish(); });
    return result;
}

}  // namespace

Rows query(std::string_view sql, const std::vector<Value>& given) {
    const std::string statement(sql);
    Parameters parameters(given);
    const int code = call([&statement, &parameters] {
        SPI_connect();
        return SPI_execute_with_args(statement.c_str(), static_cast<int>(parameters.types.size()),
                                     parameters.types.data(), parameters.values.data(), parameters.nulls.data(), false,
                                     0);
    });
    return finish(code);
}

Rows query_often(const std::string& sql) {
    static std::map<std::string, SPIPlanPtr> plans;
    SPIPlanPtr& plan = plans[sql];
    const char* const text = sql.c_str();
    const int code = call([&plan, text] {
        SPI_connect();
        if (plan == nullptr) {
            SPIPlanPtr made = SPI_prepare(text, 0, nullptr);
            if (made == nullptr) return SPI_result;
            SPI_keepplan(made);
            plan = made;
        }
        return SPI_execute_plan(plan, nullptr, nullptr, false, 0);
    });
    return finish(code);
}

Value query_value(std::string_view sql, const std::vector<Value>& parameters) {
    Rows result = query(sql, parameters);
    if (result.rows.empty() || result.rows.front().empty()) return std::nullopt;
    return result.rows.front().front();
}

}  // namespace pg
