#include "tool/render/event.hpp"

#include <nlohmann/json.hpp>

namespace render {

namespace {

using Json = nlohmann::ordered_json;

std::string line(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace

std::string event(const std::string& kind, const std::string& time, const std::string& text) {
    return line({{"event", kind}, {"time", time}, {"text", text}});
}

std::string progress_event(const std::string& time, const Progress& progress, double seconds) {
    Json json{{"event", "progress"}, {"time", time}, {"phase", progress.phase}, {"done_bytes", progress.done}};
    json["total_bytes"] = progress.total > 0 ? Json(progress.total) : Json();
    json["seconds"] = static_cast<long>(seconds);
    return line(json);
}

std::string error_event(const std::string& time, const core::Error& error) {
    return line({{"event", "error"}, {"time", time}, {"sqlstate", error.sqlstate}, {"message", error.message},
                 {"detail", error.detail}, {"hint", error.hint}});
}

std::string end_event(const std::string& time, int exit_code) {
    return line({{"event", "end"}, {"time", time}, {"exit_code", exit_code}});
}

}  // namespace render
