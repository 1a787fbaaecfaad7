#include "tool/refresh_compare.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "tool/failure.hpp"
#include "tool/secret.hpp"

namespace refreshing {

namespace {

// Small enough to keep a backend of the primary below 10 MB, large enough that a round trip does not count.
constexpr std::uint64_t bytes_at_once = 1 << 20;

const std::string diff = "SELECT replica.refresh_diff($1)";

refresh::Secret make_secret() {
    refresh::Secret result;
    secret::fill(result.data(), result.size());
    return result;
}

std::string zeros(std::size_t count) { return std::string(count, '\0'); }

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

refresh::Request Comparison::next_request() {
    refresh::Request request;
    request.secret = secret_;
    const std::lock_guard guard(mutex_);
    request.ranges = work_.next();
    return request;
}

void Comparison::add_hashes(refresh::Range& range, const refresh::Secret& secret) {
    const auto content = files_.read_part(place_.directory + "/" + range.path, range.offset, range.length);
    if (!content) return;
    for (std::size_t start = 0; start < content->size(); start += refresh::default_chunk_size)
        range.hashes.push_back(refresh::hash_chunk(
            secret, content->data() + start, std::min<std::size_t>(refresh::default_chunk_size, content->size() - start)));
}

// What the primary has cut off meanwhile is zeros, as in a backup: replay of the WAL decides about it.
void Comparison::write_range(const refresh::Range& range, const refresh::RangeReply& reply) {
    const std::string path = place_.directory + "/" + range.path;
    if (reply.status == refresh::Status::missing) return files_.remove(path);
    for (const refresh::Chunk& chunk : reply.chunks)
        files_.write_part(path, range.offset + std::uint64_t{chunk.index} * refresh::default_chunk_size, chunk.content,
                          place_.file_mode);
    if (reply.bytes_read < range.length)
        files_.write_part(path, range.offset + reply.bytes_read, zeros(range.length - reply.bytes_read), place_.file_mode);
}

void Comparison::take_range(const refresh::Range& range, const refresh::RangeReply& reply) {
    if (place_.write) write_range(range, reply);
    const std::lock_guard guard(mutex_);
    tally_.compared += range.length;
    for (const refresh::Chunk& chunk : reply.chunks) tally_.received += chunk.content.size();
    if (reply.status == refresh::Status::missing && range.offset == 0) ++tally_.vanished;
    if (reply.status == refresh::Status::ok && reply.bytes_read < range.length) ++tally_.cut_short;
}

void Comparison::take(const refresh::Request& request, const refresh::Reply& reply) {
    for (std::size_t i = 0; i < request.ranges.size(); ++i) take_range(request.ranges[i], reply.ranges.at(i));
}

void Comparison::work(world::Session& primary) {
    try {
        while (!stopped_) {
            refresh::Request request = next_request();
            if (request.ranges.empty()) return;
            for (refresh::Range& range : request.ranges) add_hashes(range, request.secret);
            const std::string answer = primary.exchange(diff, refresh::encode(request));
            take(request, refresh::decode_reply(answer, request));
        }
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
