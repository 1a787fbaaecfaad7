#include "core/refresh_wire.hpp"

#include <fmt/format.h>
#include <lz4.h>

#include <algorithm>

#include "core/error.hpp"

namespace refresh {

namespace {

[[noreturn]] void malformed(const char* what, const std::string& detail) {
    throw core::Error(core::sqlstate::protocol_violation, fmt::format("malformed refresh {}", what), detail,
                      "Both sides must run the same version of pg_replica.");
}

template <class Number>
void put_number(std::string& bytes, std::size_t at, Number number) {
    for (std::size_t i = sizeof number; i-- > 0; number >>= 8) bytes[at + i] = static_cast<char>(number & 0xFF);
}

template <class Number>
void append_number(std::string& bytes, Number number) {
    bytes.resize(bytes.size() + sizeof number);
    put_number(bytes, bytes.size() - sizeof number, number);
}

void append_u32(std::string& bytes, std::size_t number) { append_number(bytes, static_cast<std::uint32_t>(number)); }

template <class Array>
void append_array(std::string& bytes, const Array& array) {
    bytes.append(reinterpret_cast<const char*>(array.data()), array.size());
}

// Takes values off the front of bytes.
class Cursor {
 public:
    Cursor(const char* what, std::string_view rest) : what_(what), rest_(rest) {}

    std::string_view bytes(std::size_t count) {
        if (count > rest_.size())
            malformed(what_, fmt::format("It ends where {} more bytes were expected.", count - rest_.size()));
        const std::string_view taken = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return taken;
    }
    template <class Number>
    Number number() {
        Number number = 0;
        for (const char c : bytes(sizeof number)) number = static_cast<Number>(number << 8 | static_cast<unsigned char>(c));
        return number;
    }
    std::uint32_t u32() { return number<std::uint32_t>(); }
    template <class Array>
    void fill(Array& array) {
        const std::string_view taken = bytes(array.size());
        std::copy(taken.begin(), taken.end(), array.begin());
    }
    // How many elements of at least size bytes follow; never more than there is room for.
    std::uint32_t count(std::size_t size) {
        const std::uint32_t count = u32();
        if (count > rest_.size() / size) malformed(what_, fmt::format("It announces {} elements and ends before.", count));
        return count;
    }
    std::uint32_t up_to(std::uint64_t most, const char* name) {
        const std::uint32_t number = u32();
        if (number > most) malformed(what_, fmt::format("Its {} is {}; at most {} is allowed.", name, number, most));
        return number;
    }
    std::string_view rest() { return bytes(rest_.size()); }
    void end() const {
        if (!rest_.empty()) malformed(what_, fmt::format("It has {} bytes too many.", rest_.size()));
    }

 private:
    const char* what_;
    std::string_view rest_;
};

void check_version(const char* what, Cursor& cursor) {
    const std::uint32_t version = cursor.u32();
    if (version != wire_version)
        malformed(what, fmt::format("It is of version {}, and this side speaks version {}.", version, wire_version));
}

Compression compression_of(const char* what, Cursor& cursor) {
    const std::uint32_t number = cursor.u32();
    if (number > static_cast<std::uint32_t>(Compression::lz4))
        malformed(what, fmt::format("Its compression {} is unknown.", number));
    return static_cast<Compression>(number);
}

void check_chunk_size(std::uint32_t size) {
    if (size < least_chunk_size || size > most_chunk_size || size % least_chunk_size != 0)
        malformed("request", fmt::format("Its chunk size {} is not a multiple of {} up to {}.", size, least_chunk_size,
                                         most_chunk_size));
}

void check_range(const Range& range, std::uint32_t chunk_size) {
    const auto refuse = [](const char* why) { malformed("request", fmt::format("A range of it {}.", why)); };
    if (range.path.empty() || range.path.size() > most_path) refuse("has a path that is empty or too long");
    if (range.length == 0 || range.length > most_content) refuse("has a length that is 0 or too large");
    if (range.offset % chunk_size != 0) refuse("does not start at a chunk");
    if (range.offset > INT64_MAX - most_content) refuse("lies behind the end of any file");
    if (range.hashes.size() > chunk_count(range.length, chunk_size)) refuse("has more hashes than chunks");
}

// What must hold of any request that is sent or taken.
void check(const Request& request) {
    check_chunk_size(request.chunk_size);
    if (request.ranges.size() > most_ranges) malformed("request", fmt::format("It has more than {} ranges.", most_ranges));
    std::uint64_t content = 0;
    for (const Range& range : request.ranges) {
        check_range(range, request.chunk_size);
        content += range.length;
    }
    if (content > most_content) malformed("request", fmt::format("It asks for more than {} bytes.", most_content));
}

void check_size(std::size_t size) {
    if (size > most_request)
        malformed("request", fmt::format("It has {} bytes; at most {} are allowed.", size, most_request));
}

void append(std::string& bytes, const Range& range) {
    append_u32(bytes, range.path.size());
    bytes += range.path;
    append_number(bytes, range.offset);
    append_number(bytes, range.length);
    append_u32(bytes, range.hashes.size());
    for (const Hash128& hash : range.hashes) append_array(bytes, hash);
}

Range take_range(Cursor& cursor) {
    Range range;
    range.path = cursor.bytes(cursor.up_to(most_path, "length of a path"));
    range.offset = cursor.number<std::uint64_t>();
    range.length = cursor.u32();
    range.hashes.resize(cursor.count(sizeof(Hash128)));
    for (Hash128& hash : range.hashes) cursor.fill(hash);
    return range;
}

constexpr std::size_t least_range = 4 + 8 + 4 + 4;
constexpr std::size_t range_header = 4 + 4 + 4;
constexpr std::size_t reply_header = 4 + 4 + 4;
constexpr std::size_t least_packed = 1024;  // smaller ones hardly get smaller still

// The largest body that a reply to request may have.
std::uint64_t most_body(const Request& request) {
    std::uint64_t most = 0;
    for (const Range& range : request.ranges)
        most += range_header + range.length + std::uint64_t{4} * chunk_count(range.length, request.chunk_size);
    return most;
}

// Returns what was packed, which is kept in place.
std::string_view unpack(Cursor& body, const Request& request, std::unique_ptr<char[]>& place) {
    const std::uint32_t size = body.up_to(most_body(request), "size when unpacked");
    const std::string_view packed = body.rest();
    place.reset(new char[size]);
    const int count = LZ4_decompress_safe(packed.data(), place.get(), static_cast<int>(packed.size()), static_cast<int>(size));
    if (count < 0 || static_cast<std::uint32_t>(count) != size) malformed("reply", "Its body cannot be unpacked.");
    return {place.get(), size};
}

Chunk take_chunk(Cursor& cursor, std::uint32_t bytes_read, std::uint32_t chunk_size, std::uint32_t least_index) {
    Chunk chunk;
    chunk.index = cursor.u32();
    if (chunk.index < least_index) malformed("reply", "Its chunks are not in order.");
    if (chunk.index >= chunk_count(bytes_read, chunk_size)) malformed("reply", "A chunk of it lies behind what was read.");
    chunk.content = cursor.bytes(chunk_bytes(bytes_read, chunk_size, chunk.index));
    return chunk;
}

RangeReply take_range_reply(Cursor& cursor, const Range& range, std::uint32_t chunk_size) {
    RangeReply reply;
    reply.status = static_cast<Status>(cursor.up_to(1, "status"));
    reply.bytes_read = cursor.up_to(range.length, "count of bytes read");
    const std::uint32_t count = cursor.count(sizeof(std::uint32_t) + 1);
    if (reply.status == Status::missing && reply.bytes_read + count != 0) malformed("reply", "A missing file has content.");
    for (std::uint32_t next = 0; reply.chunks.size() < count; next = reply.chunks.back().index + 1)
        reply.chunks.push_back(take_chunk(cursor, reply.bytes_read, chunk_size, next));
    return reply;
}

}  // namespace

std::uint32_t chunk_count(std::uint64_t length, std::uint32_t chunk_size) {
    return static_cast<std::uint32_t>((length + chunk_size - 1) / chunk_size);
}

std::uint32_t chunk_bytes(std::uint64_t length, std::uint32_t chunk_size, std::uint32_t index) {
    const std::uint64_t start = std::uint64_t{index} * chunk_size;
    return start >= length ? 0 : static_cast<std::uint32_t>(std::min<std::uint64_t>(chunk_size, length - start));
}

std::string encode(const Request& request) {
    check(request);
    std::string bytes;
    append_u32(bytes, wire_version);
    append_u32(bytes, request.chunk_size);
    append_u32(bytes, static_cast<std::uint32_t>(request.compression));
    append_array(bytes, request.secret);
    append_u32(bytes, request.ranges.size());
    for (const Range& range : request.ranges) append(bytes, range);
    check_size(bytes.size());
    return bytes;
}

Request decode_request(std::string_view bytes) {
    check_size(bytes.size());
    Cursor cursor("request", bytes);
    check_version("request", cursor);
    Request request;
    request.chunk_size = cursor.u32();
    request.compression = compression_of("request", cursor);
    cursor.fill(request.secret);
    request.ranges.resize(std::min<std::size_t>(cursor.count(least_range), most_ranges + 1));
    for (Range& range : request.ranges) range = take_range(cursor);
    check(request);
    cursor.end();
    return request;
}

Reply decode_reply(std::string_view bytes, const Request& request) {
    Cursor cursor("reply", bytes);
    check_version("reply", cursor);
    const Compression compression = compression_of("reply", cursor);
    Cursor body("reply", cursor.bytes(cursor.u32()));
    cursor.end();
    Reply reply;
    if (compression == Compression::lz4) body = Cursor("reply", unpack(body, request, reply.unpacked));
    for (const Range& range : request.ranges) reply.ranges.push_back(take_range_reply(body, range, request.chunk_size));
    body.end();
    return reply;
}

ReplyWriter::ReplyWriter(const Request& request) : compression_(request.compression) {
    // at most twice as much as is asked for; reserved at once, as growing would hold old and new at the same time
    bytes_.reserve(reply_header + most_body(request));
    append_u32(bytes_, wire_version);
    append_u32(bytes_, static_cast<std::uint32_t>(Compression::none));
    append_u32(bytes_, 0);
    begin_range();
}

void ReplyWriter::begin_range() {
    range_at_ = bytes_.size();
    chunks_ = 0;
    bytes_.resize(bytes_.size() + range_header);
}

void ReplyWriter::add_chunk(std::uint32_t index, std::string_view content) {
    append_number(bytes_, index);
    bytes_ += content;
    ++chunks_;
}

void ReplyWriter::end_range(Status status, std::uint32_t bytes_read) {
    put_number(bytes_, range_at_, static_cast<std::uint32_t>(status));
    put_number(bytes_, range_at_ + 4, bytes_read);
    put_number(bytes_, range_at_ + 8, chunks_);
    begin_range();
}

std::string ReplyWriter::finish() {
    bytes_.resize(range_at_);
    if (compression_ == Compression::lz4) pack();
    put_number(bytes_, 8, static_cast<std::uint32_t>(bytes_.size() - reply_header));
    return std::move(bytes_);
}

// Only into less than it is: what LZ4 finds no room for stays as it is.
void ReplyWriter::pack() {
    const std::size_t size = bytes_.size() - reply_header, head = reply_header + sizeof(std::uint32_t);
    if (size < least_packed) return;
    std::string packed(bytes_.size(), '\0');
    const int count = LZ4_compress_default(bytes_.data() + reply_header, packed.data() + head, static_cast<int>(size),
                                           static_cast<int>(packed.size() - head));
    if (count <= 0) return;
    packed.resize(head + static_cast<std::size_t>(count));
    packed.replace(0, reply_header, bytes_, 0, reply_header);
    put_number(packed, 4, static_cast<std::uint32_t>(Compression::lz4));
    put_number(packed, reply_header, static_cast<std::uint32_t>(size));
    bytes_ = std::move(packed);
}

}  // namespace refresh
