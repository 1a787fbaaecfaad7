#include "tool/refresh_compare.hpp"

#include <algorithm>
#include <chrono>

#include "core/error.hpp"
#include "tool/failure.hpp"
#include "tool/secret.hpp"

namespace refreshing {

namespace {

// Small enough to keep a backend of the primary below 10 MB, large enough that a round trip does not count.
constexpr std::uint64_t bytes_at_once = 1 << 20;

// At once from a file, to be hashed while it is near the processor.
constexpr std::size_t read_size = 16 * refresh::default_chunk_size;

const std::string diff = "SELECT replica.refresh_diff($1)";

refresh::Secret make_secret() {
    refresh::Secret result;
    secret::fill(result.data(), result.size());
    return result;
}

void send(world::Session& primary, const refresh::Request& request) {
    if (!request.ranges.empty()) primary.send_bytes(diff, refresh::encode(request));
}

// Chunks that lie side by side are written at once.
void write_chunks(world::OpenFile& file, std::uint64_t start, const std::vector<refresh::Chunk>& chunks) {
    std::vector<std::string_view> pieces;
    for (std::size_t i = 0; i < chunks.size(); ++i) {
        pieces.push_back(chunks[i].content);
        if (i + 1 < chunks.size() && chunks[i + 1].index == chunks[i].index + 1) continue;
        const std::uint64_t first = chunks[i].index + 1 - pieces.size();
        file.write(start + first * refresh::default_chunk_size, pieces);
        pieces.clear();
    }
}

}  // namespace

// Empty files are made with the directories. pg_control comes last and goes into memory first.
bool Work::is_compared(const Item& item, const Kept& kept) {
    return item.kind == Listed::file && item.size > 0 && item.path != "global/pg_control" && !kept.covers(item.path);
}

Work::Work(const List& list, const Kept& kept) {
    for (const Item& item : list.items) {
        if (!is_compared(item, kept)) continue;
        files_.push_back(&item);
        total_ += item.size;
    }
}

std::vector<refresh::Range> Work::next() {
    std::vector<refresh::Range> ranges;
    std::uint64_t room = bytes_at_once;
    while (at_ < files_.size() && room > 0 && ranges.size() < refresh::most_ranges) {
        const Item& file = *files_[at_];
        const std::uint64_t rest = file.size - offset_;
        // only whole blocks, as the next piece starts behind this one
        const std::uint64_t length = rest <= room ? rest : room / refresh::default_chunk_size * refresh::default_chunk_size;
        if (length == 0) break;
        ranges.push_back({file.path, offset_, static_cast<std::uint32_t>(length), {}});
        room -= length;
        offset_ += length;
        if (offset_ < file.size) continue;
        ++at_;
        offset_ = 0;
    }
    return ranges;
}

Comparison::Comparison(world::Files& files, Place place, const List& list, const Kept& kept)
    : files_(files), place_(std::move(place)), secret_(make_secret()), work_(list, kept) {
    tally_.total = work_.total();
}

refresh::Request Comparison::next_request(const core::PageBuffer& buffer, const Packing& packing) {
    refresh::Request request;
    request.secret = secret_;
    request.compression = packing.method();
    {
        const std::lock_guard guard(mutex_);
        if (!stopped_) request.ranges = work_.next();
    }
    for (refresh::Range& range : request.ranges) add_hashes(range, buffer);
    return request;
}

void Comparison::add_hashes(refresh::Range& range, const core::PageBuffer& buffer) {
    const auto file = files_.open_for_reading(place_.directory + "/" + range.path);
    if (!file) return;
    range.hashes.reserve(refresh::chunk_count(range.length, refresh::default_chunk_size));
    for (std::uint64_t done = 0; done < range.length;) {
        const std::size_t wanted = std::min<std::uint64_t>(buffer.size(), range.length - done);
        const std::size_t count = file->read(buffer.data(), wanted, range.offset + done);
        for (std::size_t at = 0; at < count; at += refresh::default_chunk_size)
            range.hashes.push_back(refresh::hash_chunk(secret_, buffer.data() + at,
                                                       std::min<std::size_t>(refresh::default_chunk_size, count - at)));
        if (count < wanted) return;
        done += count;
    }
}

// What the primary has cut off meanwhile is zeros, as in a backup: replay of the WAL decides about it.
void Comparison::write_range(const refresh::Range& range, const refresh::RangeReply& reply) {
    const std::string path = place_.directory + "/" + range.path;
    if (reply.status == refresh::Status::missing) return files_.remove(path);
    const bool is_cut = reply.bytes_read < range.length;
    if (reply.chunks.empty() && !is_cut) return;
    const auto file = files_.open_for_writing(path, place_.file_mode);
    write_chunks(*file, range.offset, reply.chunks);
    if (is_cut) file->write(range.offset + reply.bytes_read, {std::string(range.length - reply.bytes_read, '\0')});
}

void Comparison::take_range(const refresh::Range& range, const refresh::RangeReply& reply) {
    if (place_.write) write_range(range, reply);
    const std::lock_guard guard(mutex_);
    tally_.compared += range.length;
    for (const refresh::Chunk& chunk : reply.chunks) tally_.received += chunk.content.size();
    if (reply.status == refresh::Status::missing && range.offset == 0) ++tally_.vanished;
    if (reply.status == refresh::Status::ok && reply.bytes_read < range.length) ++tally_.cut_short;
}

void Comparison::take(const refresh::Request& request, const std::string& answer) {
    const refresh::Reply reply = refresh::decode_reply(answer, request);
    for (std::size_t i = 0; i < request.ranges.size(); ++i) take_range(request.ranges[i], reply.ranges.at(i));
    const std::lock_guard guard(mutex_);
    tally_.carried += answer.size();
}

// The primary has always one request to work on: meanwhile the next one is made ready, and the answer to the one before
// is written.
void Comparison::converse(world::Session& primary) {
    const core::PageBuffer buffer(read_size);
    Packing packing(place_.packing);
    refresh::Request asked = next_request(buffer, packing);
    send(primary, asked);
    while (!asked.ranges.empty() && !stopped_) {
        refresh::Request next = next_request(buffer, packing);
        const auto begin = std::chrono::steady_clock::now();
        const std::string answer = primary.receive_bytes();
        packing.saw(answer.size(), std::chrono::steady_clock::now() - begin);
        send(primary, next);
        take(asked, answer);
        asked = std::move(next);
    }
}

void Comparison::work(const Connect& connect) {
    try {
        converse(*connect());
    } catch (...) {
        stopped_ = true;
        const std::lock_guard guard(mutex_);
        if (!error_) error_ = std::current_exception();
    }
}

Tally Comparison::tally() const {
    const std::lock_guard guard(mutex_);
    return tally_;
}

void Comparison::check() const {
    const std::lock_guard guard(mutex_);
    if (error_) std::rethrow_exception(error_);
}

std::string fetch_file(world::Session& primary, const std::string& path, std::uint32_t size) {
    refresh::Request request;
    request.secret = make_secret();
    request.ranges.push_back({path, 0, size, {}});
    const std::string answer = primary.exchange(diff, refresh::encode(request));
    const refresh::Reply reply = refresh::decode_reply(answer, request);
    std::string content;
    for (const refresh::Chunk& chunk : reply.ranges.at(0).chunks) content += chunk.content;
    return content;
}

}  // namespace refreshing
