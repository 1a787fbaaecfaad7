#include "extension/server/page.hpp"

#include "extension/server/postgres.hpp"

extern "C" {
#include "access/xlog.h"
#include "storage/bufpage.h"
#include "storage/checksum.h"
}

#include "core/page_checksum.hpp"
#include "extension/server/boundary.hpp"

namespace pg::page {

static_assert(offsetof(PageHeaderData, pd_checksum) == page_checksum::place);

std::size_t size() { return BLCKSZ; }

std::uint32_t per_segment() { return RELSEG_SIZE; }

bool checksums_enabled() {
    return call([] { return DataChecksumsEnabled(); });
}

bool is_intact(char* page, std::uint32_t block) {
    if (PageIsNew(page)) return true;
    const std::uint16_t stored = page_checksum::stored(page);
    // the server's own has the last word
    return stored == page_checksum::compute(page, size(), block) || stored == pg_checksum_page(page, block);
}

bool is_replayed(char* page) {
    return call([page] { return PageGetLSN(page) >= GetRedoRecPtr(); });
}

}  // namespace pg::page
