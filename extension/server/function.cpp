#include "extension/server/function.hpp"

#include "extension/server/postgres.hpp"

extern "C" {
#include "access/htup_details.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"
}

#include "core/error.hpp"
#include "extension/server/boundary.hpp"

namespace pg {

namespace {

struct Sink {
    Tuplestorestate* store;
    TupleDesc descriptor;
    AttInMetadata* input;
};

// The result set of this call, kept in the executor's per-query memory as materialize mode demands; without a store
// where the caller or the declaration of the function allows none.
Sink open_sink(FunctionCallInfo fcinfo) {
    return call([fcinfo]() -> Sink {
        auto* info = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
        if (info == nullptr || !IsA(info, ReturnSetInfo) || (info->allowedModes & SFRM_Materialize) == 0) return {};
        const MemoryContext caller = MemoryContextSwitchTo(info->econtext->ecxt_per_query_memory);
        Sink sink{};
        if (get_call_result_type(fcinfo, nullptr, &sink.descriptor) == TYPEFUNC_COMPOSITE) {
            sink.descriptor = BlessTupleDesc(sink.descriptor);
            sink.input = TupleDescGetAttInMetadata(sink.descriptor);
            sink.store = tuplestore_begin_heap((info->allowedModes & SFRM_Materialize_Random) != 0, false, work_mem);
            info->returnMode = SFRM_Materialize;
            info->setResult = sink.store;
            info->setDesc = sink.descriptor;
        }
        MemoryContextSwitchTo(caller);
        return sink;
    });
}

void check_open(const Sink& sink) {
    if (sink.store != nullptr) return;
    throw core::Error(core::sqlstate::feature_not_supported, "set-returning function called where no rows are accepted",
                      {}, "Call it in the FROM clause of a query.");
}

void put(const Sink& sink, const std::vector<char*>& texts) {
    call([&sink, &texts] {
        HeapTuple tuple = BuildTupleFromCStrings(sink.input, const_cast<char**>(texts.data()));
        tuplestore_puttuple(sink.store, tuple);
        heap_freetuple(tuple);
    });
}

void check_width(const Sink& sink, const Row& row) {
    if (static_cast<int>(row.size()) == sink.descriptor->natts) return;
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

void return_rows(FunctionCallInfo fcinfo, const Rows& result) {
    const Sink sink = open_sink(fcinfo);
    check_open(sink);
    std::vector<char*> texts(sink.descriptor->natts);
    for (const Row& row : result.rows) {
        check_width(sink, row);
        for (std::size_t i = 0; i < row.size(); ++i) texts[i] = row[i] ? const_cast<char*>(row[i]->c_str()) : nullptr;
        put(sink, texts);
    }
}

}  // namespace pg
