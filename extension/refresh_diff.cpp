#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/page_buffer.hpp"
#include "core/refresh_path.hpp"
#include "core/refresh_wire.hpp"
#include "extension/refresh.hpp"
#include "extension/refresh_checksum.hpp"
#include "extension/server/boundary.hpp"
#include "extension/server/data_directory.hpp"

namespace refreshing {

namespace {

using data_directory::File;

// How much is read at once: the multiple of the chunk size that comes nearest.
constexpr std::size_t read_size = 128 << 10;

void check_path(const std::string& path, const refresh::Layout& layout) {
    if (refresh::is_copied(path, layout)) return;
    throw core::Error(core::sqlstate::insufficient_privilege,
                      fmt::format("\"{}\" is not part of a base backup", refresh::printable(path)),
                      "Only files that replica.refresh_list() names can be read.");
}

// Answers the ranges of one request.
class Answer {
 public:
    explicit Answer(const refresh::Request& request)
        : request_(request), layout_(data_directory::layout()), verifier_(layout_), writer_(request),
          buffer_(std::max<std::size_t>(read_size / request.chunk_size, 1) * request.chunk_size) {}

    std::string run() {
        for (const refresh::Range& range : request_.ranges) check_path(range.path, layout_);
        for (const refresh::Range& range : request_.ranges) add(range);
        return writer_.finish();
    }

 private:
    void add(const refresh::Range& range) {
        const auto file = open(range.path);
        if (!file) return writer_.end_range(refresh::Status::missing, 0);
        std::uint32_t done = 0;
        while (done < range.length) {
            const std::size_t wanted = std::min<std::size_t>(buffer_.size(), range.length - done);
            const std::size_t count = file->read(buffer_.data(), wanted, range.offset + done);
            verifier_.verify(range.path, *file, buffer_.data(), count, range.offset + done);
            compare(range, done / request_.chunk_size, std::string_view(buffer_.data(), count));
            done += static_cast<std::uint32_t>(count);
            if (count < wanted) break;
        }
        writer_.end_range(refresh::Status::ok, done);
    }

    // A relation may have become unlogged since it was listed: it counts as gone then.
    std::optional<File> open(const std::string& path) {
        const std::string init_fork = refresh::init_fork_of(path, layout_);
        if (!init_fork.empty() && File::open(init_fork)) return std::nullopt;
        return File::open(path);
    }

    // content starts with the chunk first.
    void compare(const refresh::Range& range, std::uint32_t first, std::string_view content) {
        const std::uint32_t count = refresh::chunk_count(content.size(), request_.chunk_size);
        for (std::uint32_t i = 0; i < count; ++i) {
            pg::check_interrupts();
            const std::string_view chunk = content.substr(std::size_t{i} * request_.chunk_size, request_.chunk_size);
            const std::uint32_t index = first + i;
            const bool is_same = index < range.hashes.size() &&
                                 refresh::hash_chunk(request_.secret, chunk.data(), chunk.size()) == range.hashes[index];
            if (!is_same) writer_.add_chunk(index, chunk);
        }
    }

    const refresh::Request& request_;
    const refresh::Layout layout_;
    const Verifier verifier_;
    refresh::ReplyWriter writer_;
    const core::PageBuffer buffer_;
};

}  // namespace

std::string diff(const pg::Arguments& arguments) {
    check_caller("refresh_diff");
    const refresh::Request request = refresh::decode_request(arguments.required_bytes(0, "request"));
    return Answer(request).run();
}

}  // namespace refreshing
