// What a run tells, as JSON lines: one object a line, documented in docs/cli.md.
#pragma once

#include <string>

#include "core/error.hpp"
#include "tool/render/progress.hpp"

namespace render {

// {"event":KIND,"time":TIME,"text":TEXT}; time is ISO 8601. Bytes that are not UTF-8 become U+FFFD.
std::string event(const std::string& kind, const std::string& time, const std::string& text);

// seconds since the phase began; total_bytes is null while it is unknown.
std::string progress_event(const std::string& time, const Progress& progress, double seconds);

std::string error_event(const std::string& time, const core::Error& error);

// The last line of every run.
std::string end_event(const std::string& time, int exit_code);

}  // namespace render
