#include "core/refresh_wire.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"

namespace refresh {

namespace {

Hash128 hash_of(unsigned char fill) {
    Hash128 hash;
    hash.fill(fill);
    return hash;
}

Request sample() {
    Request request;
    request.secret.fill(0x80);
    request.ranges = {{"base/5/1259", 8192, 20000, {hash_of(1), hash_of(255)}}, {"PG_VERSION", 0, 3, {}}};
    return request;
}

void expect_same(const Range& one, const Range& other) {
    EXPECT_EQ(one.path, other.path);
    EXPECT_EQ(one.offset, other.offset);
    EXPECT_EQ(one.length, other.length);
    EXPECT_EQ(one.hashes, other.hashes);
}

// The DETAIL of the refusal; empty when there was none.
template <class Function>
std::string refusal(Function f) {
    try {
        f();
    } catch (const core::Error& error) {
        EXPECT_EQ(error.sqlstate, "08P01");
        return error.detail;
    }
    return {};
}

std::string refusal_of(const Request& request) {
    return refusal([&] { encode(request); });
}

std::string sample_reply() {
    ReplyWriter writer(sample());
    writer.add_chunk(0, std::string(8192, 'a'));
    writer.add_chunk(2, std::string(20000 - 2 * 8192, 'c'));
    writer.end_range(Status::ok, 20000);
    writer.end_range(Status::missing, 0);
    return writer.finish();
}

std::string changed(std::string bytes, std::size_t at, char to) {
    bytes[at] = to;
    return bytes;
}

}  // namespace

TEST(RefreshWire, ARequestIsReadBack) {
    const Request request = sample();
    const Request read = decode_request(encode(request));
    EXPECT_EQ(read.chunk_size, request.chunk_size);
    EXPECT_EQ(read.secret, request.secret);
    ASSERT_EQ(read.ranges.size(), 2U);
    expect_same(read.ranges[0], request.ranges[0]);
    expect_same(read.ranges[1], request.ranges[1]);
}

TEST(RefreshWire, ARequestMayAskForNothing) {
    EXPECT_TRUE(decode_request(encode(Request{})).ranges.empty());
}

TEST(RefreshWire, ARequestIsInNetworkByteOrder) {
    const std::string bytes = encode(sample());
    EXPECT_EQ(bytes.substr(0, 12), std::string("\0\0\0\1\0\0\x20\0\0\0\0\0", 12));
    EXPECT_EQ(bytes.substr(12 + 192, 8), std::string("\0\0\0\2\0\0\0\x0b", 8));
}

TEST(RefreshWire, EveryRequestThatIsCutShortIsRefused) {
    const std::string bytes = encode(sample());
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_NE(refusal([&] { decode_request(bytes.substr(0, size)); }), "") << size;
    EXPECT_EQ(refusal([&] { decode_request(bytes + '\0'); }), "It has 1 bytes too many.");
}

TEST(RefreshWire, ACountThatIsALieAllocatesNothing) {
    const std::string bytes = encode(sample());
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        const std::string lie = changed(bytes, at, '\xff');
        try {
            EXPECT_LE(decode_request(lie).ranges.size(), 2U) << at;
        } catch (const core::Error&) {
        }
    }
}

TEST(RefreshWire, AnotherVersionIsNamed) {
    EXPECT_EQ(refusal([] { decode_request(changed(encode(sample()), 3, 2)); }), "It is of version 2, and this side speaks version 1.");
    EXPECT_EQ(refusal([] { decode_request(changed(encode(sample()), 11, 7)); }), "Its compression 7 is unknown.");
}

TEST(RefreshWire, ChunkSizesAreMultiplesOf512UpTo1MiB) {
    for (const std::uint32_t size : {512U, 8192U, 32768U, 1U << 20}) {
        Request request = sample();
        request.chunk_size = size;
        request.ranges.resize(1);
        request.ranges[0].offset = 0;
        request.ranges[0].hashes.clear();
        EXPECT_EQ(refusal_of(request), "") << size;
    }
    for (const std::uint32_t size : {0U, 1U, 511U, 8191U, (1U << 20) + 512, 0xFFFFFFFFU}) {
        Request request;
        request.chunk_size = size;
        EXPECT_NE(refusal_of(request), "") << size;
    }
}

TEST(RefreshWire, ARangeIsRefusedThatIsOutOfBounds) {
    const auto refused = [](const Range& range) {
        Request request;
        request.ranges = {range};
        return refusal_of(request);
    };
    EXPECT_EQ(refused({"x", 0, most_content, {}}), "");
    EXPECT_EQ(refused({std::string(most_path, 'x'), 0, 1, {hash_of(1)}}), "");
    EXPECT_EQ(refused({"", 0, 1, {}}), "A range of it has a path that is empty or too long.");
    EXPECT_NE(refused({std::string(most_path + 1, 'x'), 0, 1, {}}), "");
    EXPECT_EQ(refused({"x", 0, 0, {}}), "A range of it has a length that is 0 or too large.");
    EXPECT_NE(refused({"x", 0, most_content + 1, {}}), "");
    EXPECT_EQ(refused({"x", 1, 1, {}}), "A range of it does not start at a chunk.");
    EXPECT_EQ(refused({"x", 1ULL << 63, 1, {}}), "A range of it lies behind the end of any file.");
    EXPECT_NE(refused({"x", 0x7FFFFFFFFFFFE000ULL, 1, {}}), "");
    EXPECT_EQ(refused({"x", 0, 8192, {hash_of(1), hash_of(2)}}), "A range of it has more hashes than chunks.");
}

TEST(RefreshWire, ARequestIsRefusedThatIsTooLarge) {
    Request request;
    request.ranges.assign(most_ranges + 1, {"x", 0, 1, {}});
    EXPECT_EQ(refusal_of(request), "It has more than 256 ranges.");
    request.ranges.assign(2, {"x", 0, most_content / 2 + 1, {}});
    EXPECT_EQ(refusal_of(request), "It asks for more than 4194304 bytes.");
    EXPECT_EQ(refusal([] { decode_request(std::string(most_request + 1, '\0')); }),
              "It has 1048577 bytes; at most 1048576 are allowed.");
}

TEST(RefreshWire, TheLargestRequestFits) {
    Request request;
    request.chunk_size = least_chunk_size;
    request.ranges.assign(most_ranges, {std::string(most_path, 'x'), 0, most_content / most_ranges, {}});
    for (Range& range : request.ranges) range.hashes.resize(chunk_count(range.length, request.chunk_size));
    EXPECT_EQ(decode_request(encode(request)).ranges.size(), most_ranges);
}

TEST(RefreshWire, AReplyIsReadBack) {
    const std::string bytes = sample_reply();
    const Reply reply = decode_reply(bytes, sample());
    ASSERT_EQ(reply.ranges.size(), 2U);
    EXPECT_EQ(reply.ranges[0].status, Status::ok);
    EXPECT_EQ(reply.ranges[0].bytes_read, 20000U);
    ASSERT_EQ(reply.ranges[0].chunks.size(), 2U);
    EXPECT_EQ(reply.ranges[0].chunks[0].content, std::string(8192, 'a'));
    EXPECT_EQ(reply.ranges[0].chunks[1].index, 2U);
    EXPECT_EQ(reply.ranges[0].chunks[1].content, std::string(3616, 'c'));
    EXPECT_EQ(reply.ranges[1].status, Status::missing);
    EXPECT_TRUE(reply.ranges[1].chunks.empty());
}

TEST(RefreshWire, EveryReplyThatIsCutShortIsRefused) {
    const std::string bytes = sample_reply();
    for (std::size_t size = 0; size < bytes.size(); size += size < 100 ? 1 : 97)
        EXPECT_NE(refusal([&] { decode_reply(bytes.substr(0, size), sample()); }), "") << size;
    EXPECT_EQ(refusal([&] { decode_reply(bytes + 'x', sample()); }), "It has 1 bytes too many.");
}

TEST(RefreshWire, AReplyIsRefusedThatDoesNotAnswerTheRequest) {
    Request other = sample();
    other.ranges.pop_back();
    EXPECT_NE(refusal([&] { decode_reply(sample_reply(), other); }), "");
    other = sample();
    other.ranges[0].length = 19999;
    EXPECT_EQ(refusal([&] { decode_reply(sample_reply(), other); }), "Its count of bytes read is 20000; at most 19999 is allowed.");
    other = sample();
    other.ranges.push_back(other.ranges[0]);
    EXPECT_NE(refusal([&] { decode_reply(sample_reply(), other); }), "");
}

TEST(RefreshWire, ChunksOfAReplyAreInOrderAndWithinWhatWasRead) {
    const auto reply_with = [](std::initializer_list<std::uint32_t> indexes, Status status, std::uint32_t bytes_read) {
        ReplyWriter writer(sample());
        for (const std::uint32_t index : indexes) writer.add_chunk(index, std::string(8192, 'x'));
        writer.end_range(status, bytes_read);
        writer.end_range(Status::ok, 0);
        return writer.finish();
    };
    const auto refused = [&](std::initializer_list<std::uint32_t> indexes, Status status, std::uint32_t bytes_read) {
        return refusal([&] { decode_reply(reply_with(indexes, status, bytes_read), sample()); });
    };
    EXPECT_EQ(refused({0, 1}, Status::ok, 16384), "");
    EXPECT_EQ(refused({1, 0}, Status::ok, 16384), "Its chunks are not in order.");
    EXPECT_EQ(refused({0, 0}, Status::ok, 16384), "Its chunks are not in order.");
    EXPECT_EQ(refused({2}, Status::ok, 16384), "A chunk of it lies behind what was read.");
    EXPECT_EQ(refused({0}, Status::missing, 0), "A missing file has content.");
    EXPECT_EQ(refused({}, static_cast<Status>(2), 0), "Its status is 2; at most 1 is allowed.");
}

TEST(RefreshWire, ChunksCoverALength) {
    EXPECT_EQ(chunk_count(0, 8192), 0U);
    EXPECT_EQ(chunk_count(1, 8192), 1U);
    EXPECT_EQ(chunk_count(8192, 8192), 1U);
    EXPECT_EQ(chunk_count(8193, 8192), 2U);
    EXPECT_EQ(chunk_bytes(8193, 8192, 0), 8192U);
    EXPECT_EQ(chunk_bytes(8193, 8192, 1), 1U);
    EXPECT_EQ(chunk_bytes(8193, 8192, 2), 0U);
}

TEST(RefreshWire, APackedReplyIsReadBack) {
    Request request = sample();
    const std::string plain = sample_reply();
    request.compression = Compression::lz4;
    EXPECT_EQ(decode_request(encode(request)).compression, Compression::lz4);
    ReplyWriter writer(request);
    writer.add_chunk(0, std::string(8192, 'a'));
    writer.add_chunk(2, std::string(20000 - 2 * 8192, 'c'));
    writer.end_range(Status::ok, 20000);
    writer.end_range(Status::missing, 0);
    const std::string packed = writer.finish();
    EXPECT_LT(packed.size(), plain.size() / 10);
    const Reply reply = decode_reply(packed, request);
    ASSERT_EQ(reply.ranges.size(), 2U);
    ASSERT_EQ(reply.ranges[0].chunks.size(), 2U);
    EXPECT_EQ(reply.ranges[0].chunks[0].content, std::string(8192, 'a'));
    EXPECT_EQ(reply.ranges[0].chunks[1].content, std::string(20000 - 2 * 8192, 'c'));
    EXPECT_EQ(reply.ranges[1].status, Status::missing);
    for (std::size_t size = 0; size < packed.size(); ++size)
        EXPECT_NE(refusal([&] { decode_reply(packed.substr(0, size), request); }), "") << size;
    EXPECT_EQ(refusal([&] { decode_reply(changed(packed, 12, 1), request); }), "Its size when unpacked is 16789056; at most 20043 is allowed.");
    EXPECT_EQ(refusal([&] { decode_reply(changed(packed, 15, 1), request); }), "Its body cannot be unpacked.");
}

TEST(RefreshWire, WhatDoesNotGetSmallerIsNotPacked) {
    Request request = sample();
    request.compression = Compression::lz4;
    std::string noise;
    for (std::uint32_t i = 0, state = 1; i < 8192; ++i) noise += static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
    ReplyWriter writer(request);
    writer.add_chunk(0, noise);
    writer.end_range(Status::ok, 20000);
    writer.end_range(Status::missing, 0);
    const std::string bytes = writer.finish();
    EXPECT_EQ(bytes[7], '\0');
    EXPECT_EQ(decode_reply(bytes, request).ranges[0].chunks[0].content, noise);
}

}  // namespace refresh
