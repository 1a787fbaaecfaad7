// The progress of a long step as one line.
#pragma once

#include <cstdint>
#include <string>

namespace render {

struct Progress {
    std::string phase;
    std::uint64_t done = 0;   // bytes
    std::uint64_t total = 0;  // bytes; 0 when unknown
};

// "copying files  [#####.....]  50%  1.5 GB of 3.0 GB  120 MB/s  12 s left"; seconds since the phase began.
std::string progress(const Progress& progress, double seconds);

// 1536 -> "1.5 kB", with the units that PostgreSQL's pg_size_pretty uses (1024 each).
std::string bytes(std::uint64_t count);

}  // namespace render
