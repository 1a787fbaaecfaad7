// Whether the primary is to pack what differs: LZ4 saves bytes, and costs time that only a slow link gives back.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "core/refresh_wire.hpp"

namespace refreshing {

// What one connection asks for. Left to itself it begins without, and decides once by the speed at which the first
// megabyte of differing blocks has come: no extra byte is sent to find out.
class Packing {
 public:
    enum class Wish { automatic, none, lz4 };

    explicit Packing(Wish wish) : wish_(wish), method_(wish == Wish::lz4 ? refresh::Compression::lz4 : refresh::Compression::none) {}

    refresh::Compression method() const { return method_; }
    // An answer of so many bytes has come, for which this side had to wait so long.
    void saw(std::size_t bytes, std::chrono::duration<double> waited);

 private:
    Wish wish_;
    refresh::Compression method_;
    std::size_t bytes_ = 0;
    std::chrono::duration<double> waited_{0};
};

// auto, none or lz4. Throws Failure (usage).
Packing::Wish packing_wish(const std::string& word);

}  // namespace refreshing
