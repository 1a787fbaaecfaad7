// What a refresh asks the primary and what it answers, as bytes: the argument and the result of replica.refresh_diff().
//
// One request names pieces of files and the hashes of the asker's own blocks of them; the reply brings what differs. Numbers
// are in network byte order. Nothing is trusted: a decoder throws core::Error (08P01) for whatever is malformed, and what
// it allocates is bounded by the size of its input.
//
//   request:  u32 version, u32 chunk_size, u32 compression, 192 bytes of secret, u32 count of ranges; for each range:
//             u32 length of path, path, u64 offset, u32 length, u32 count of hashes, the hashes of 16 bytes
//   reply:    u32 version, u32 compression, u32 size of body, body; in the body for each range of the request, in its order:
//             u32 status, u32 bytes_read, u32 count of chunks; for each chunk: u32 index, content
//             a body that is packed: u32 size of what was packed, an LZ4 block
//
// The size of a chunk's content is not sent: it is chunk_size, or less for the last one (chunk_bytes).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/refresh_hash.hpp"

namespace refresh {

inline constexpr std::uint32_t wire_version = 1;
inline constexpr std::uint32_t default_chunk_size = 8192;  // a block; the smaller the chunk, the less is sent
inline constexpr std::uint32_t least_chunk_size = 512;     // chunk sizes are multiples of it
inline constexpr std::uint32_t most_chunk_size = 1 << 20;
inline constexpr std::size_t most_ranges = 256;
inline constexpr std::size_t most_path = 1024;
inline constexpr std::uint64_t most_content = 4 << 20;  // of all ranges of a request; 1 MiB keeps the backend small
inline constexpr std::size_t most_request = 1 << 20;

// What the body of a reply may be packed with.
enum class Compression : std::uint32_t { none = 0, lz4 = 1 };

// A piece of a file.
struct Range {
    std::string path;            // below the data directory, as replica.refresh_list() gives it
    std::uint64_t offset = 0;    // a multiple of chunk_size
    std::uint32_t length = 0;    // at least 1
    // The hashes of the asker's own chunks from offset on, at most as many as the range has chunks; chunks behind the last
    // hash are always sent, so none at all asks for everything. The last one is over the bytes there are.
    std::vector<Hash128> hashes;
};

struct Request {
    std::uint32_t chunk_size = default_chunk_size;
    Compression compression = Compression::none;  // to be used where it makes the reply smaller
    Secret secret{};
    std::vector<Range> ranges;
};

// How many chunks length bytes are.
std::uint32_t chunk_count(std::uint64_t length, std::uint32_t chunk_size);
// The size of one of them.
std::uint32_t chunk_bytes(std::uint64_t length, std::uint32_t chunk_size, std::uint32_t index);

// Both throw core::Error when a limit from above is exceeded: a request that was encoded can be decoded.
std::string encode(const Request& request);
Request decode_request(std::string_view bytes);

enum class Status : std::uint32_t {
    ok = 0,
    missing = 1,  // there is no such file any more: delete yours
};

struct Chunk {
    std::uint32_t index = 0;   // within the range: it belongs at offset + index * chunk_size
    std::string_view content;  // chunk_bytes(bytes_read, chunk_size, index) bytes, from one single read
};

struct RangeReply {
    Status status = Status::ok;
    std::uint32_t bytes_read = 0;  // fewer than length: the file ends there
    std::vector<Chunk> chunks;     // which differ, by index
};

struct Reply {
    std::vector<RangeReply> ranges;  // as many as were asked for, in the same order
    std::unique_ptr<char[]> unpacked;
};

// The reply to request. The contents of its chunks point into bytes, which must outlive it, or into what was unpacked.
Reply decode_reply(std::string_view bytes, const Request& request);

// Makes a reply. For each range: any number of chunks, by index, then end_range.
class ReplyWriter {
 public:
    explicit ReplyWriter(const Request& request);

    // A chunk that differs.
    void add_chunk(std::uint32_t index, std::string_view content);
    void end_range(Status status, std::uint32_t bytes_read);
    // The bytes; the writer is spent.
    std::string finish();

 private:
    void begin_range();
    void pack();

    Compression compression_;
    std::string bytes_;
    std::size_t range_at_ = 0;  // where the range that is being written starts
    std::uint32_t chunks_ = 0;  // it has so far
};

}  // namespace refresh
