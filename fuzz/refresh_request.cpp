// Requests of a refresh, replies and paths. Input: a request, and after the first 0x1E behind it a reply to it.
#include <algorithm>

#include "core/error.hpp"
#include "core/refresh_path.hpp"
#include "core/refresh_wire.hpp"
#include "fuzz/target.hpp"

namespace fuzz {

namespace {

const refresh::Layout layout{"PG_15_202209061", true, {"stats"}};

void check_path(const std::string& path) {
    const bool copied = refresh::is_copied(path, layout);
    const std::string init_fork = refresh::init_fork_of(path, layout);
    refresh::printable(path);
    if (!copied) return;
    holds(!path.empty() && path.front() != '/' && path.size() <= refresh::most_path, "a copied path is below the folder");
    holds(path.find('\0') == std::string::npos, "and has no NUL");
    const std::string bounded = "/" + path + "/";
    for (const char* part : {"//", "/./", "/../"}) holds(bounded.find(part) == std::string::npos, "nor a way out");
    holds(!path.starts_with("pg_wal/0"), "nor leads to WAL");
    if (!init_fork.empty()) holds(refresh::is_copied(init_fork, layout), "an init fork is copied");
}

// What a decoder says of any bytes: a refusal, or something that fits the request.
void check_reply(std::string_view bytes, const refresh::Request& request) {
    try {
        const refresh::Reply reply = refresh::decode_reply(bytes, request);
        holds(reply.ranges.size() == request.ranges.size(), "each range is answered");
        for (std::size_t i = 0; i < reply.ranges.size(); ++i) {
            holds(reply.ranges[i].bytes_read <= request.ranges[i].length, "with no more than was asked for");
            for (const refresh::Chunk& chunk : reply.ranges[i].chunks)
                holds(std::uint64_t{chunk.index} * request.chunk_size + chunk.content.size() <= reply.ranges[i].bytes_read,
                      "and chunks within it");
        }
    } catch (const core::Error&) {
    }
}

void check_written(const refresh::Request& request) {
    refresh::ReplyWriter writer(request);
    for (const refresh::Range& range : request.ranges) {
        const std::uint32_t last = refresh::chunk_count(range.length, request.chunk_size) - 1;
        writer.add_chunk(last, std::string(refresh::chunk_bytes(range.length, request.chunk_size, last), 'x'));
        writer.end_range(refresh::Status::ok, range.length);
    }
    const std::string bytes = writer.finish();
    const refresh::Reply reply = refresh::decode_reply(bytes, request);
    for (std::size_t i = 0; i < reply.ranges.size(); ++i) {
        const std::uint32_t length = request.ranges[i].length;
        const std::uint32_t last = refresh::chunk_count(length, request.chunk_size) - 1;
        const std::vector<refresh::Chunk>& chunks = reply.ranges[i].chunks;
        holds(chunks.size() == 1 && chunks[0].index == last &&
                  chunks[0].content == std::string(refresh::chunk_bytes(length, request.chunk_size, last), 'x'),
              "a reply is read back, packed or not");
    }
}

}  // namespace

void refresh_request(std::string_view bytes) {
    check_path(std::string(bytes.substr(0, 2000)));
    // a request ends where its own counts say
    for (std::size_t cut = std::min(bytes.find('\x1e', 208), bytes.size());; cut = bytes.size()) {
        try {
            const refresh::Request request = refresh::decode_request(bytes.substr(0, cut));
            holds(refresh::encode(request) == bytes.substr(0, cut), "a request that is read is written the same");
            for (const refresh::Range& range : request.ranges) check_path(range.path);
            check_written(request);
            check_reply(bytes.substr(std::min(cut + 1, bytes.size())), request);
        } catch (const core::Error&) {
        }
        if (cut == bytes.size()) return;
    }
}

}  // namespace fuzz
