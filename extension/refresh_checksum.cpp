#include "extension/refresh_checksum.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "core/error.hpp"
#include "extension/server/boundary.hpp"
#include "extension/server/page.hpp"

namespace refreshing {

namespace {

constexpr int attempts = 5;
constexpr unsigned pause = 1000;  // microseconds between them

[[noreturn]] void refuse(const std::string& path, std::uint32_t block) {
    throw core::Error(core::sqlstate::data_corrupted,
                      fmt::format("block {} in file \"{}\" is damaged", block, refresh::printable(path)),
                      fmt::format("Its checksum is wrong, and was so {} times.", attempts),
                      "Repair or restore the relation first; pg_amcheck finds what else is damaged.");
}

// The block at offset again, until it holds.
void read_again(const std::string& path, const data_directory::File& file, char* page, std::uint64_t offset,
                std::uint32_t block) {
    for (int attempt = 1; attempt < attempts; ++attempt) {
        pg::check_interrupts();
        ::usleep(pause);
        // cut off meanwhile: what was read first is as good as any
        if (file.read(page, pg::page::size(), offset) < pg::page::size()) return;
        if (pg::page::is_intact(page, block)) return;
    }
    if (!pg::page::is_replayed(page)) refuse(path, block);
}

}  // namespace

Verifier::Verifier(const refresh::Layout& layout) : layout_(layout), enabled_(pg::page::checksums_enabled()) {}

void Verifier::verify(const std::string& path, const data_directory::File& file, char* content, std::size_t size,
                      std::uint64_t offset) const {
    const auto relation = enabled_ ? refresh::relation_file(path, layout_) : std::nullopt;
    if (!relation) return;
    const std::size_t page_size = pg::page::size();
    const std::size_t first = (page_size - offset % page_size) % page_size;
    for (std::size_t at = first; at + page_size <= size; at += page_size) {
        const auto in_file = static_cast<std::uint32_t>((offset + at) / page_size);
        const std::uint32_t block = relation->segment * pg::page::per_segment() + in_file;
        if (!pg::page::is_intact(content + at, block)) read_again(path, file, content + at, offset + at, block);
    }
}

}  // namespace refreshing
