#include "extension/server/function.hpp"

#include "extension/server/postgres.hpp"

extern "C" {
#include "access/htup_details.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"
}

#include <cstring>

#include "core/error.hpp"
#include "extension/server/boundary.hpp"

namespace pg {

// Plain data in the caller's memory.
struct RowWriter::Sink {
    Tuplestorestate* store;
    TupleDesc descriptor;
    AttInMetadata* input;
    MemoryContext row;  // of the values of one row, emptied after it
};

namespace {

// The result set of this call, kept in the executor's per-query memory as materialize mode demands; without a store
// where the caller or the declaration of the function allows none.
RowWriter::Sink* open_sink(FunctionCallInfo fcinfo) {
    return call([fcinfo]() -> RowWriter::Sink* {
        auto* sink = static_cast<RowWriter::Sink*>(palloc0(sizeof(RowWriter::Sink)));
        auto* info = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
        if (info == nullptr || !IsA(info, ReturnSetInfo) || (info->allowedModes & SFRM_Materialize) == 0) return sink;
        sink->row = AllocSetContextCreate(CurrentMemoryContext, "row of pg_replica", ALLOCSET_DEFAULT_SIZES);
        const MemoryContext caller = MemoryContextSwitchTo(info->econtext->ecxt_per_query_memory);
        if (get_call_result_type(fcinfo, nullptr, &sink->descriptor) == TYPEFUNC_COMPOSITE) {
            sink->descriptor = BlessTupleDesc(sink->descriptor);
            sink->input = TupleDescGetAttInMetadata(sink->descriptor);
            sink->store = tuplestore_begin_heap((info->allowedModes & SFRM_Materialize_Random) != 0, false, work_mem);
            info->returnMode = SFRM_Materialize;
            info->setResult = sink->store;
            info->setDesc = sink->descriptor;
        }
        MemoryContextSwitchTo(caller);
        return sink;
    });
}

void check_open(const RowWriter::Sink* sink) {
    if (sink->store != nullptr) return;
    throw core::Error(core::sqlstate::feature_not_supported, "set-returning function called where no rows are accepted",
                      {}, "Call it in the FROM clause of a query.");
}

void check_width(const RowWriter::Sink* sink, const Row& row) {
    if (static_cast<int>(row.size()) == sink->descriptor->natts) return;
    throw core::Error(core::sqlstate::internal_error, "a function of pg_replica returned rows of the wrong width",
                      "The library and the installed SQL script of pg_replica do not belong together.",
                      "Run ALTER EXTENSION pg_replica UPDATE.");
}

}  // namespace

Value Arguments::text(int position) const {
    if (position >= fcinfo_->nargs || fcinfo_->args[position].isnull) return std::nullopt;
    const char* printed = call([this, position] {
        Oid output = InvalidOid;
        bool is_varlena = false;
        getTypeOutputInfo(get_fn_expr_argtype(fcinfo_->flinfo, position), &output, &is_varlena);
        return OidOutputFunctionCall(output, fcinfo_->args[position].value);
    });
    return printed;
}

std::string Arguments::required(int position, const char* name) const {
    if (auto value = text(position)) return *std::move(value);
    throw core::Error(core::sqlstate::null_value_not_allowed, std::string("argument \"") + name + "\" must not be null");
}

std::optional<std::int64_t> Arguments::integer(int position) const {
    const Value value = text(position);
    if (!value) return std::nullopt;
    return std::stoll(*value);
}

bool Arguments::boolean(int position, bool otherwise) const {
    const Value value = text(position);
    return value ? *value == "t" : otherwise;
}

std::string_view Arguments::required_bytes(int position, const char* name) const {
    if (position >= fcinfo_->nargs || fcinfo_->args[position].isnull) required(position, name);
    return call([this, position] {
        const bytea* bytes = DatumGetByteaPP(fcinfo_->args[position].value);
        return std::string_view(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
    });
}

RowWriter::RowWriter(FunctionCallInfo fcinfo) : sink_(open_sink(fcinfo)) {
    check_open(sink_);
    texts_.resize(sink_->descriptor->natts);
}

void RowWriter::put(const Row& row) {
    check_width(sink_, row);
    for (std::size_t i = 0; i < row.size(); ++i) texts_[i] = row[i] ? const_cast<char*>(row[i]->c_str()) : nullptr;
    call([this] {
        const MemoryContext caller = MemoryContextSwitchTo(sink_->row);
        tuplestore_puttuple(sink_->store, BuildTupleFromCStrings(sink_->input, texts_.data()));
        MemoryContextSwitchTo(caller);
        MemoryContextReset(sink_->row);
    });
}

void return_rows(FunctionCallInfo fcinfo, const Rows& result) {
    RowWriter writer(fcinfo);
    for (const Row& row : result.rows) writer.put(row);
}

std::string bytea_text(std::string_view bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text = "\\x";
    for (const char c : bytes) {
        text += digits[static_cast<unsigned char>(c) >> 4];
        text += digits[static_cast<unsigned char>(c) & 0xF];
    }
    return text;
}

unsigned long bytes_datum(const std::string& bytes) {
    return call([&bytes] {
        auto* result = static_cast<bytea*>(palloc(VARHDRSZ + bytes.size()));
        SET_VARSIZE(result, VARHDRSZ + bytes.size());
        std::memcpy(VARDATA(result), bytes.data(), bytes.size());
        return static_cast<unsigned long>(PointerGetDatum(result));
    });
}

}  // namespace pg
