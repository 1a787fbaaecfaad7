// The heart of a refresh: every block here is compared with the primary's, and what differs is fetched.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/page_buffer.hpp"
#include "core/refresh_wire.hpp"
#include "tool/refresh_kept.hpp"
#include "tool/refresh_list.hpp"
#include "tool/refresh_packing.hpp"
#include "tool/world.hpp"

namespace refreshing {

// What a comparison has found.
struct Tally {
    std::uint64_t total = 0;     // bytes to compare
    std::uint64_t compared = 0;  // of them
    std::uint64_t received = 0;  // bytes of content that differed
    std::uint64_t carried = 0;   // bytes that the primary sent for it, packed or not
    std::uint64_t vanished = 0;  // files that the primary removed meanwhile
    std::uint64_t cut_short = 0; // pieces that the primary cut off meanwhile
};

// Deals the files out in pieces that make a request each. Not for several threads at once.
class Work {
 public:
    Work(const List& list, const Kept& kept);

    // Pieces of files, at most bytes_at_once together; empty when all are dealt out.
    std::vector<refresh::Range> next();
    std::uint64_t total() const { return total_; }

 private:
    static bool is_compared(const Item& item, const Kept& kept);

    std::vector<const Item*> files_;
    std::size_t at_ = 0;
    std::uint64_t offset_ = 0, total_ = 0;
};

// A directory that is compared, by one or more threads, each with a session of its own.
class Comparison {
 public:
    struct Place {
        std::string directory;
        unsigned file_mode = 0600;
        bool write = true;  // false: only tell what differs
        Packing::Wish packing = Packing::Wish::none;
    };

    Comparison(world::Files& files, Place place, const List& list, const Kept& kept);

    using Connect = std::function<std::unique_ptr<world::Session>()>;

    // Works until nothing is left, another thread has failed, or stop was called. Throws nothing: see check.
    void work(const Connect& connect);
    void stop() { stopped_ = true; }
    Tally tally() const;
    // Throws what a thread has thrown, if any has.
    void check() const;

 private:
    void converse(world::Session& primary);
    refresh::Request next_request(const core::PageBuffer& buffer, const Packing& packing);
    void add_hashes(refresh::Range& range, const core::PageBuffer& buffer);
    void take(const refresh::Request& request, const std::string& answer);
    void take_range(const refresh::Range& range, const refresh::RangeReply& reply);
    void write_range(const refresh::Range& range, const refresh::RangeReply& reply);

    world::Files& files_;
    Place place_;
    refresh::Secret secret_;
    Work work_;
    mutable std::mutex mutex_;
    std::atomic<bool> stopped_{false};
    Tally tally_;
    std::exception_ptr error_;
};

// One small file of the primary as a whole.
std::string fetch_file(world::Session& primary, const std::string& path, std::uint32_t size);

}  // namespace refreshing
